"""The messages about exports and about what people ask about their own data."""

from collections.abc import Mapping

from sqlalchemy import select

from engine.ports import Json
from engine.work import Work
from handlers.estate.records import estate_community
from handlers.privacy.records import privacy_request
from handlers.privacy.words import KINDS
from handlers.shared.messages import Template


def _request_facts(work: Work, args: Mapping[str, Json], language: str) -> dict[str, str]:
    """Return the words for a request: its number, what was asked, the desk's phone."""
    row = work.connection.execute(
        select(privacy_request.c.number, privacy_request.c.kind, estate_community.c.desk_phone)
        .join(estate_community, estate_community.c.id == privacy_request.c.community_id)
        .where(privacy_request.c.id == int(str(args["request_id"])))
    ).one()
    kind = KINDS[row.kind][language.startswith("en")]
    return {"number": row.number, "kind": kind, "desk": row.desk_phone}


_REQUESTS = (
    (
        "request_made_for_you", "有人为您登记了申请", "A request about your data",
        "物业前台登记了一项关于您个人信息的申请“{kind}”（{number}）。如非您本人要求，请马上联系客服 {desk}",
        "The desk entered a request about your data: “{kind}” ({number}). If you did not want it, call the "
        "desk at once: {desk}",
    ),
    (
        "request_withdrawn", "申请已撤回", "A request was withdrawn",
        "为您登记的申请“{kind}”（{number}）已撤回，不再办理。如非您的意思，请联系客服 {desk}",
        "The request entered for you, “{kind}” ({number}), was withdrawn and is not dealt with any more. If "
        "that is not what you wanted, call the desk: {desk}",
    ),
    (
        "request_file_at_desk", "您的信息可以领取", "Your data can be collected",
        "申请 {number} 的文件已生成，5 天内请带身份证件到物业，由个保负责人当面交付。如非您本人要求，"
        "请马上联系客服 {desk}",
        "The file of request {number} is ready; within 5 days our data protection officer hands it to you, "
        "bring an ID document. If you did not want it, call the desk at once: {desk}",
    ),
    (
        "request_hand_out", "有信息文件待当面交付", "A file waits to be handed out",
        "申请 {number}（{kind}）的文件已生成，本人没有账户，请在“交付个人信息”当面交付，5 天有效。",
        "The file of request {number} ({kind}) is ready and the person has no account: hand it out in person "
        "under “Hand out data” within 5 days.",
    ),
    (
        "request_answered", "您的申请已办理", "Your request was granted",
        "您的申请“{kind}”（{number}）已办理，答复见“个人信息”。客服 {desk}",
        "Your request “{kind}” ({number}) was granted; the answer stands under “Privacy”. Desk {desk}",
    ),
    (
        "request_file_ready", "您的信息可以下载", "Your data can be downloaded",
        "申请 {number} 的文件已生成，5 天内可在“个人信息”下载一次。客服 {desk}",
        "The file of request {number} is ready; download it once within 5 days under “Privacy”. Desk {desk}",
    ),
    (
        "request_erasing", "您的删除申请已同意", "Your data will be erased",
        "您的删除申请（{number}）已同意，一小时后删除，之后无法恢复。如非本人申请，请马上联系客服 {desk}",
        "Your data will be erased in an hour ({number}) and cannot be brought back. If you did not ask for "
        "this, call the desk at once: {desk}",
    ),
    (
        "request_restricted", "您的信息依法保留", "Your data are kept by law",
        "您的删除申请（{number}）：依法须保留的部分只存不用，到期删除，原因见“个人信息”。客服 {desk}",
        "Your request to erase ({number}): what the law makes us keep is kept, not used, and erased when "
        "due; the reasons stand under “Privacy”. Desk {desk}",
    ),
    (
        "request_refused", "您的申请未同意", "Your request was refused",
        "您的申请“{kind}”（{number}）未同意，理由见“个人信息”，或联系客服 {desk}",
        "Your request “{kind}” ({number}) was refused; the reasons stand under “Privacy”. Desk {desk}",
    ),
    (
        "request_correction", "您的申请已转更正", "Your request became a correction",
        "您的更正申请（{number}）已录入，由另一人核对后生效。客服 {desk}",
        "The correction you asked for ({number}) was entered and counts once a second person has checked it. "
        "Desk {desk}",
    ),
    (
        "request_withdrawn_consent", "同意已撤回", "Your consent was withdrawn",
        "您撤回的同意（{number}）已生效，物业不再这样使用您的联系方式。客服 {desk}",
        "Your consent was withdrawn ({number}); your contacts are not used that way any more. Desk {desk}",
    ),
)  # fmt: skip

TEMPLATES = (
    *(
        Template(
            code=code,
            subject=subject,
            subject_en=subject_en,
            text=f"【物业云】{text}",
            text_en=f"[Wuye Flow] {text_en}",
            facts=_request_facts,
        )
        for code, subject, subject_en, text, text_en in _REQUESTS
    ),
    Template(
        code="export_ready",
        subject="导出文件已生成",
        subject_en="Your export is ready",
        text="【物业云】{case} 导出文件已生成，24 小时内可在“数据导出”下载一次，过期销毁。",
        text_en="[Wuye Flow] {case}: the file is ready. Download it once within 24 hours under “Exports”.",
    ),
    Template(
        code="export_failed",
        subject="导出文件没有生成",
        subject_en="Your export could not be made",
        text="【物业云】{case} 导出文件没有生成，稍后可在“数据导出”重新生成。",
        text_en="[Wuye Flow] {case}: the file could not be made. Make it again later under “Exports”.",
    ),
    Template(
        code="export_refused",
        subject="导出未同意",
        subject_en="Your export was refused",
        text="【物业云】{case} 导出申请未同意，理由见“数据导出”。",
        text_en="[Wuye Flow] {case}: the export was refused; the reason stands under “Exports”.",
    ),
)
