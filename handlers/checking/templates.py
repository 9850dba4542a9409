"""The messages about second checks and corrections; they name the field, never a value."""

from collections.abc import Mapping

from sqlalchemy import select

from engine.ports import Json
from engine.work import Work
from handlers.checking.correction_records import data_correction
from handlers.checking.fields import FIELD_NAMES, Field
from handlers.estate.identity import is_mobile
from handlers.estate.records import estate_community, estate_house
from handlers.shared.messages import Address, Template


def correction_facts(work: Work, args: Mapping[str, Json], language: str) -> dict[str, str]:
    """Return the words for a correction: its number, the field, the desk's phone."""
    row = work.connection.execute(
        select(data_correction.c.number, data_correction.c.field, estate_community.c.desk_phone)
        .join(estate_community, estate_community.c.id == data_correction.c.community_id)
        .where(data_correction.c.id == int(str(args["correction_id"])))
    ).one()
    chinese, english = FIELD_NAMES[Field(row.field)]
    field = english if language.startswith("en") else chinese
    return {"number": row.number, "field": field, "desk": row.desk_phone}


def sample_facts(work: Work, args: Mapping[str, Json], _language: str) -> dict[str, str]:
    """Return where something was found wrong."""
    house_id = int(str(args["house_id"] or 0))
    address = work.connection.execute(
        select(estate_house.c.address).where(estate_house.c.id == house_id)
    ).scalar_one_or_none()
    return {"address": address or ""}


def number_before(work: Work, correction_id: int) -> Address | None:
    """Find the phone that a correction replaced, so that its holder learns of it too."""
    row = work.connection.execute(
        select(data_correction).where(data_correction.c.id == correction_id)
    ).one_or_none()
    if row is None or row.before is None:
        return None
    number = work.engine.vault.open("data_correction", "before", row.id, row.before)
    return Address(phone=number if is_mobile(number) else "")


ADDRESSES = {"correction_before": number_before}

TEMPLATES = (
    Template(
        "import_returned",
        "导入被退回",
        "Your import was sent back",
        "【物业云】{case}：您导入的清单核对有误，已退回，请撤销后改好再导入。",
        "[Wuye Flow] {case}: the list you imported is wrong; take it back, put it right, import it again.",
    ),
    Template(
        "sample_wrong",
        "抽查发现登记有误",
        "A sample found something wrong",
        "【物业云】审计抽查发现{address}的一项登记有误，请核对原件并提出更正。",
        "[Wuye Flow] The auditor's sample found something wrong on record of {address}; "
        "please look at the papers and ask for its correction.",
        sample_facts,
    ),
    Template(
        "check_waiting",
        "有录入待二次核对",
        "An entry waits for a second check",
        "【物业云】{case} {place}：有录入待您二次核对，核对前不生效。",
        "[Wuye Flow] {case} {place}: an entry waits for your second check; it does not count yet.",
    ),
    Template(
        "correction_done",
        "资料已更正",
        "Your data were corrected",
        "【物业云】您登记的{field}已更正（{number}）。如非本人要求，请马上联系客服 {desk}",
        "[Wuye Flow] Your {field} on record was corrected ({number}). If you did not ask for this, "
        "call the desk at once: {desk}",
        correction_facts,
    ),
    Template(
        "correction_more",
        "请补充凭证",
        "Evidence is missing",
        "【物业云】更正{field}（{number}）还缺凭证，请在“我的资料”补充或到前台办理。客服 {desk}",
        "[Wuye Flow] Correction of {field} ({number}): evidence is missing. Add it under “My data” "
        "or at the desk. Desk {desk}",
        correction_facts,
    ),
    Template(
        "correction_refused",
        "资料未更正",
        "Your data were not corrected",
        "【物业云】更正{field}（{number}）没有通过，原因见“我的资料”，或联系客服 {desk}",
        "[Wuye Flow] Correction of {field} ({number}) was refused; the reason stands under "
        "“My data”, or ask the desk {desk}",
        correction_facts,
    ),
)
