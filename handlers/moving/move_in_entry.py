"""Who moves in: entering, opening the account, and binding account and home after the second check."""

from sqlalchemy import update

from engine.bilingual import Text, beside
from engine.ports import Json
from engine.service_tasks import Context, completion, service_task
from engine.work import Work
from handlers.accounts import residents
from handlers.errors import DomainError, FieldsInvalid, RuleRefused
from handlers.estate import relation_log
from handlers.estate.identity import IdType
from handlers.estate.people import PersonEntry
from handlers.estate.records import CheckState, RelationKind, estate_relation
from handlers.moving import cases, checks, handing_over, move_in, notices, people, switching
from handlers.moving.cases import Case
from handlers.moving.people import MAIN, Member
from handlers.moving.records import State
from handlers.moving.transfer_entry import KEEP
from handlers.shared import access_log
from handlers.shared.answers import Answers
from handlers.shared.facts import Options, option
from handlers.shared.permissions import Permission

NEW = "new"
_NEEDS_DOCUMENT = (RelationKind.CO_OWNER, RelationKind.AGENT)


@completion("move_in.enter")
def enter(context: Context, answers: dict[str, Json]) -> dict[str, Json]:
    """Write down who moves in, unchecked; what was entered before is replaced, unless it is kept.

    Raises:
        RuleRefused: the privacy notice was not given yet.
    Source: policy B2, C1, D1.
    """
    given = Answers(answers)
    work, case = context.work, cases.of(context)
    work.require(Permission.OWNER_ENTER, case.community_id)
    if "notice_given_at" not in case.facts:
        raise RuleRefused("notice_first", "先交付隐私告知书，再录入资料")
    if given.text("entry") != KEEP:
        opened = move_in.account_of(work, case) if "account_id" in case.facts else None
        people.enter(work, case, [_owner(given), *_others(given), *_emergency(given)])
        case = _without_account_of_another(work, case, opened)
        for vehicle_id in handing_over.enter_plates(work, case, given):
            cases.log_change(work, case, "vehicle", vehicle_id, "begun")
    checks.ask(context, case)
    cases.change(work, case, state=State.ENTERED, entered_at=work.now, entered_by=work.actor.id)
    return {"same": False}


def _without_account_of_another(work: Work, case: Case, opened: Case | None) -> Case:
    """Withdraw the account that this case opened for somebody who turned out to be the wrong person."""
    if opened is None or opened.person_id == people.parties(work, case)[MAIN].person.id:
        return case
    residents.withdraw(work, opened.id)
    people.forget(work, opened.person_id)
    outdated = ("account_id", "verified_by", "account_refused")
    facts = {key: value for key, value in case.facts.items() if key not in outdated}
    return cases.change(work, case, facts=facts)


def owner_options(work: Work, case: Case) -> Options:
    """List the owners on record, masked, and the choice to enter somebody else."""
    known = [
        option(relation_id, beside(one.name, one.phone, ("按交付清单", "from the list")))
        for relation_id, one in people.masked(work, case.house_id, RelationKind.OWNER)
    ]
    fresh: Text = ("名册里没有，重新登记", "Not on the list, enter anew")
    return [*known, option(NEW, fresh)]


def _owner(given: Answers) -> Member:
    phone = given.text("phone")
    if given.text("owner") != NEW:
        return Member(PersonEntry(name="", phone=phone), RelationKind.OWNER, relation_id=given.id("owner"))
    entry = PersonEntry(
        name=given.text("name"),
        phone=phone,
        id_type=given.text("id_type"),
        id_number=given.text("id_number"),
    )
    return Member(entry, RelationKind.OWNER, relation={"is_payer": True})


def _others(given: Answers) -> list[Member]:
    members = []
    for index, line in enumerate(given.lines("others")):
        kind, number = RelationKind(line.text("kind") or RelationKind.FAMILY), line.text("id_number")
        place = f"others.{index}."
        if kind in _NEEDS_DOCUMENT and not number:
            raise FieldsInvalid({f"{place}id_number": ("共有人、受托人须登记证件号码", {})})
        entry = PersonEntry(
            name=line.text("name"),
            phone=line.text("phone"),
            id_type=IdType.ID_CARD if number else "",
            id_number=number,
        )
        members.append(Member(entry, kind, place, through_main=kind != RelationKind.CO_OWNER))
    return members


def _emergency(given: Answers) -> list[Member]:
    name, phone = given.text("emergency_name"), given.text("emergency_phone")
    if not name and not phone:
        return []
    if not name or not phone:
        missing = "emergency_name" if not name else "emergency_phone"
        raise FieldsInvalid({missing: ("紧急联系人的姓名和电话要一起填", {})})
    kind = RelationKind.EMERGENCY_CONTACT
    return [Member(PersonEntry(name=name, phone=phone), kind, "emergency_", through_main=True)]


@service_task("move_in.open_account")
def open_account(context: Context) -> None:
    """Open the owner's account, bound to nothing yet, and send the first password to their phone.

    Without a mobile number, with one that belongs to another account, or with one that was just added to the
    record of somebody who acts for a home already, it goes on: two people verify then, and the account is
    opened once the number was checked.

    Source: policy B1, C1.
    """
    work, case = context.work, cases.of(context)
    if move_in.account_of(work, case) is not None:
        return
    if people.is_number_unproven(work, case):
        cases.add_facts(work, case, account_refused="number_unproven")
        return
    person_id = people.parties(work, case)[MAIN].person.id
    try:
        with work.savepoint():
            account_id = residents.register(work, person_id, case.house_id)
    except DomainError as refused:
        cases.add_facts(work, case, account_refused=refused.code)
        return
    cases.add_facts(work, case, account_id=str(account_id))


@completion("move_in.check")
def check(context: Context, answers: dict[str, Json]) -> dict[str, Json]:
    """Compare what another person types from the papers while the owner waits.

    Returns:
        same lets account and home be bound in this very transaction.
    Source: policy C1.
    """
    return checks.decide(context, cases.of(context), answers)


@service_task("move_in.bind")
def bind(context: Context) -> None:
    """Let what was entered count from now on: the owner's account is bound to the home by that alone.

    Running again does nothing.

    Raises:
        RuleRefused: nobody has checked it, or nobody has verified who the owner is.
    Source: policy B1, B2.
    """
    work, case = context.work, cases.of(context)
    if case.done_at is not None:
        return
    if case.checked_at is None or "verified_by" not in case.facts:
        raise RuleRefused("not_verified", "未经二次核对或身份未核实，不能绑定")
    entered = people.parties(work, case)
    fresh = [one.relation.id for one in entered if one.relation.check_state == CheckState.PENDING]
    for party in entered:
        work.connection.execute(
            update(estate_relation)
            .where(
                estate_relation.c.id == party.relation.id,
                estate_relation.c.check_state == CheckState.PENDING,
            )
            .values(check_state=CheckState.CHECKED, counts_since=work.now)
        )
    relation_log.note_counts(work, estate_relation.c.id.in_(fresh))
    main = entered[MAIN].person.id
    switching.note_agreements(work, main, case)
    switching.open_account(work, main, case.house_id)
    cases.change(work, case, state=State.DONE, done_at=work.now)
    notices.to_people(work, case, [main], "move_in_done")
    access_log.append(work, access_log.Entry("bind_house", "house", case.house_id))


def said_of_account(work: Work, case: Case) -> Text:
    """Say how far registering is, without naming anybody."""
    if move_in.account_of(work, case) is None:
        refused = case.facts.get("account_refused")
        return "" if refused is None else _REFUSED.get(str(refused), _OTHERWISE)
    if move_in.has_own_password(work, case):
        return ("已设自己的密码", "Has set a password")
    return (
        "初始密码已发到业主手机，等业主登录设密码",
        "The first password is on the owner's phone; not set yet",
    )


_REFUSED: dict[str, Text] = {
    "no_mobile": ("没有手机号，须人工核验", "No mobile number: verify by hand"),
    "number_unproven": (
        "手机号是这次补登的，须人工核验，二次核对后才开通账号",
        "The number was added just now: verify by hand; the account is opened after the second check",
    ),
    "login_taken": (
        "手机号已是另一个账号的，须人工核验",
        "The number belongs to another account: verify by hand",
    ),
}
_OTHERWISE: Text = ("不能开通，须人工核验", "Could not be opened: verify by hand")
