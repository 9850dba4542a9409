"""The messages about exports and about what people ask about their own data."""

from handlers.shared.messages import Template

TEMPLATES = (
    Template(
        code="export_ready",
        subject="导出文件已生成",
        subject_en="Your export is ready",
        text="【物业云】{case} 导出文件已生成，24 小时内可在“数据导出”下载一次，过期销毁。",
        text_en="[Wuye Flow] {case}: the file is ready. Download it once within 24 hours under “Exports”.",
    ),
    Template(
        code="export_refused",
        subject="导出未同意",
        subject_en="Your export was refused",
        text="【物业云】{case} 导出申请未同意，理由见“数据导出”。",
        text_en="[Wuye Flow] {case}: the export was refused; the reason stands under “Exports”.",
    ),
)
