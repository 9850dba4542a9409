"""The messages about security."""

from handlers.shared.messages import Template

TEMPLATES = (
    Template(
        code="odd_reported",
        subject="有人报告异常",
        subject_en="Something odd was reported",
        text="【物业云】{case} 有人报告：{title}。请立即登录处理。",
        text_en="[Wuye Flow] {case} reported: {title}. Please sign in and see to it at once.",
    ),
)
