"""The messages that every procedure may send about its tasks."""

from collections.abc import Mapping

from engine.ports import Json
from engine.work import Work
from handlers.shared.messages import Template


def _cases(_work: Work, args: Mapping[str, Json], language: str) -> dict[str, str]:
    numbers = args.get("cases")
    found = [str(one) for one in numbers] if isinstance(numbers, list) else []
    return {"cases": (", " if language.startswith("en") else "、").join(found)}


TEMPLATES = (
    Template(
        code="task_warning",
        subject="任务即将到期",
        subject_en="Task due soon",
        text="【物业云】{case} {place} {step}：即将到期（{due_at}），请尽快处理。",
        text_en="[Wuye Flow] {case} {place} {step}: due soon ({due_at}), please see to it.",
    ),
    Template(
        code="task_escalated",
        subject="任务已超时",
        subject_en="Task overdue",
        text="【物业云】{case} {place} {step}：已超时（应于 {due_at} 完成），请立即处理或督办。",
        text_en="[Wuye Flow] {case} {place} {step}: overdue (due {due_at}), please act now.",
    ),
    Template(
        code="task_reminded",
        subject="请尽快办理",
        subject_en="Please see to it",
        text="【物业云】{case} {place} {step}：主管催办（应于 {due_at} 完成），请尽快处理。",
        text_en="[Wuye Flow] {case} {place} {step}: your lead asks for it (due {due_at}), please act.",
    ),
    Template(
        code="task_given_back",
        subject="请接手退回的任务",
        subject_en="Please take what was given back",
        text="【物业云】{case} {place} {step}：已退回，原岗位没有人能办，请您接手（应于 {due_at} 完成）。",
        text_en="[Wuye Flow] {case} {place} {step}: it was given back and nobody of its post can do it, "
        "please take it (due {due_at}).",
    ),
    Template(
        code="task_offered",
        subject="请接手没人能办的任务",
        subject_en="Please take what nobody else can do",
        text="【物业云】{case} {place} {step}：原岗位没有人能办，请您接手（应于 {due_at} 完成）。",
        text_en="[Wuye Flow] {case} {place} {step}: nobody of its post can do it, "
        "please take it (due {due_at}).",
    ),
    Template(
        code="visits_left",
        subject="请安排没人去的上门",
        subject_en="Please see to visits that nobody goes to",
        text="【物业云】{cases}：原来去的人已离岗，接手人在约好的时间另有约。请另派人，或改约时间。",
        text_en="[Wuye Flow] {cases}: who was to go has left, and whoever took their work over is expected "
        "elsewhere at the hour agreed on. Please send somebody else, or agree on another time.",
        facts=_cases,
    ),
    Template(
        code="task_follow_up",
        subject="您设的提醒",
        subject_en="Your reminder",
        text="【物业云】{case} {place} {step}：您设的提醒时间到了。",
        text_en="[Wuye Flow] {case} {place} {step}: you wanted to be reminded now.",
    ),
    Template(
        code="case_stuck",
        subject="事项卡住了",
        subject_en="A case is stuck",
        text="【物业云】{case} {title}：办不下去，停住了。请管理员或项目经理到“异常”处理，并告知等待的人。",
        text_en="[Wuye Flow] {case} {title}: the platform cannot go on with it. Administrator or manager: "
        "please see “Incidents”, and call whoever is waiting.",
    ),
    Template(
        code="cases_stuck",
        subject="又有事项卡住了",
        subject_en="Several cases are stuck",
        text="【物业云】{case} 等 {count} 件停在同一步，办不下去。"
        "请管理员或项目经理到“异常”处理，并告知等待的人。",
        text_en="[Wuye Flow] The platform cannot go on with {count} at the same step, such as {case}. "
        "Administrator or manager: please see “Incidents”, and call whoever is waiting.",
    ),
    Template(
        code="first_password",
        subject="您的初始密码",
        subject_en="Your first password",
        text="【物业云】您的登录名：{login}，初始密码：{password}，72 小时内有效，首次登录须修改。"
        "请勿告诉任何人。",
        text_en="[Wuye Flow] You sign in as {login} with the first password {password}, valid for 72 hours; "
        "you must change it at the first sign-in. Tell it to nobody.",
    ),
)
