"""Says codes of moving in both languages, and the facts that every step shows."""

from collections.abc import Iterable, Mapping

from sqlalchemy import select

from engine.bilingual import Text, beside, joined
from engine.work import Work
from handlers.estate.people import MaskedPerson
from handlers.estate.records import RelationKind, estate_house, estate_vehicle
from handlers.moving import cases, people
from handlers.moving.cases import Case
from handlers.shared import agreed_texts
from handlers.shared.agreed_texts import Kind
from handlers.shared.facts import Options, Pairs, local, option, pairs
from handlers.shared.masks import mask_name, mask_phone, mask_plate

CHANNEL_NAMES: Mapping[str, Text] = {
    "counter": ("到前台", "At the desk"),
    "phone": ("电话", "By phone"),
    "wechat": ("微信", "WeChat"),
    "letter": ("书面", "By letter"),
    "online": ("网上", "Online"),
    "system": ("系统提醒", "By the platform"),
}
WAY_NAMES: Mapping[str, Text] = {
    "sale": ("二手房买卖", "Sale"),
    "first_sale": ("开发商首次出售", "First sale by the developer"),
    "gift": ("赠与", "Gift"),
    "inheritance": ("继承", "Inheritance"),
    "court": ("司法文书", "Court order"),
    "share": ("份额变动、析产", "Change of shares, division"),
    "in": ("新租户入住", "A new tenant"),
    "renew": ("续租", "Renewal"),
    "out": ("退租", "The tenant leaves"),
    "lease_end": ("租期将满", "The lease ends soon"),
}
PROOF_NAMES: Mapping[str, Text] = {
    "certificate": ("不动产权证书", "Property certificate"),
    "registry": ("不动产登记证明", "Registry proof"),
    "handover_list": ("开发商交付清单", "Developer's hand-over list"),
    "court_document": ("生效司法文书", "Court document in force"),
    "notarised": ("继承公证书", "Notarised paper"),
    "contract": ("只有买卖合同", "Contract only"),
}
STATE_NAMES: Mapping[str, Text] = {
    "noticed": ("已接到通知", "Noticed"),
    "waiting_papers": ("等补件", "Waiting for papers"),
    "awaiting_title": ("待过户", "Awaiting title"),
    "disputed": ("有争议", "Disputed"),
    "examined": ("材料齐全", "Papers complete"),
    "entered": ("已录入，待二次核对", "Entered, to be checked"),
    "done": ("已生效", "In force"),
    "closed": ("已办结", "Closed"),
    "stopped": ("已中止", "Stopped"),
    "reversed": ("已撤回", "Taken back"),
}
MISSING_NAMES: Mapping[str, Text] = {
    "proof": ("产权凭证", "Proof of title"),
    "buyer_id": ("新业主身份证件", "The new owner's ID"),
    "seller_id": ("原业主身份证件", "The old owner's ID"),
    "authorisation": ("委托书", "Power of attorney"),
    "contract": ("合同", "Contract"),
    "notice": ("入住通知书", "Notice of moving in"),
    "other": ("其他", "Other"),
}
_TOLD_BY: Mapping[str, Text] = {
    "owner": ("业主", "The owner"),
    "tenant": ("租户", "The tenant"),
    "agent": ("中介", "An agent"),
}
# How an owner's answer about a tenant reached us.
IN_PERSON, ONLINE = "in_person", "online"
ANSWER_WAYS: Mapping[str, Text] = {
    "phone": ("电话", "By phone"),
    IN_PERSON: ("当面", "In person"),
    "message": ("短信或微信", "By message"),
    ONLINE: ("业主网上答复", "By the owner online"),
}
OWNER_KINDS = (RelationKind.OWNER, RelationKind.CO_OWNER)


def common(work: Work, case: Case) -> Pairs:
    """Say what every step of a case begins with."""
    return pairs(
        ("编号", case.number),
        ("房屋", address(work, case)),
        ("接到通知", local(work, case.noticed_at)),
        ("通知方式", CHANNEL_NAMES.get(case.channel, case.channel)),
        ("变更原因", WAY_NAMES.get(case.way, "")),
        ("状态", STATE_NAMES[case.state]),
        ("材料齐全时间", local(work, case.papers_at)),
        ("凭证", PROOF_NAMES.get(case.proof_kind, "")),
    )


def address(work: Work, case: Case) -> str:
    """Return the address of a case's house."""
    found: str = work.connection.execute(
        select(estate_house.c.address).where(estate_house.c.id == case.house_id)
    ).scalar_one()
    return found


def owners(work: Work, case: Case) -> Pairs:
    """Name the owners of the house, masked."""
    return pairs(("现业主", _named(one for _, one in people.masked(work, case.house_id, *OWNER_KINDS))))


def tenants(work: Work, case: Case) -> Pairs:
    """Name the tenants of the house, masked."""
    return pairs(("租户", _named(one for _, one in people.masked(work, case.house_id, RelationKind.TENANT))))


def owner_options(work: Work, case: Case) -> Options:
    """List the owners to choose from, masked."""
    return [
        option(relation_id, beside(one.name, one.phone))
        for relation_id, one in people.masked(work, case.house_id, *OWNER_KINDS)
    ]


def tenant_options(work: Work, case: Case) -> Options:
    """List the tenants to choose from, masked."""
    return [
        option(relation_id, beside(one.name, one.phone))
        for relation_id, one in people.masked(work, case.house_id, RelationKind.TENANT)
    ]


def vehicle_options(work: Work, case: Case) -> Options:
    """List the vehicles of the house to choose from, masked."""
    rows = work.connection.execute(
        select(estate_vehicle)
        .where(estate_vehicle.c.house_id == case.house_id, estate_vehicle.c.valid_to.is_(None))
        .order_by(estate_vehicle.c.id)
    )
    unseal = work.engine.vault.open
    return [option(row.id, mask_plate(unseal("estate_vehicle", "plate", row.id, row.plate))) for row in rows]


def _named(found: Iterable[MaskedPerson]) -> Text:
    return joined((beside(one.name, one.phone) for one in found), ("；", "; "))


def missing(case: Case) -> Text:
    """Say which papers are missing."""
    codes = [str(code) for code in case.facts.get("missing", [])]
    return joined(MISSING_NAMES.get(code, code) for code in codes)


def differed(case: Case) -> Text:
    """Say how often the second check differed."""
    return (f"{case.differed} 次", f"{case.differed} times") if case.differed else ""


def who_told(work: Work, case: Case) -> Text:
    """Say who told us of a change of tenant: by part and, where the desk wrote it down, masked name."""
    part: Text = _TOLD_BY.get(str(case.facts.get("told_by", "")), "")
    name, _, phone = cases.last_note(work, case, "told_by").rpartition(" ")
    return beside(part, mask_name(name) if name else "", mask_phone(phone) if phone else "")


def agreed() -> Pairs:
    """Say word for word what somebody is told and asked to agree to, with the versions in force."""
    notice, uses = (agreed_texts.in_force(one) for one in (Kind.PRIVACY_NOTICE, Kind.AUTHORISATION))
    return pairs(("隐私告知书", notice.said), ("授权书", uses.said))


def notice_version() -> str:
    """Name the version of the privacy notice that is handed over now."""
    return agreed_texts.in_force(Kind.PRIVACY_NOTICE).version


def note(work: Work, case: Case, label: str, *kinds: str) -> Pairs:
    """Show the newest note of some kinds."""
    return pairs((label, cases.last_note(work, case, *kinds)))
