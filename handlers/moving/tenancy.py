"""A tenant comes, stays or goes: notice, the owner's word, entry, check, and moving out."""

from sqlalchemy import select, update

from engine.ports import Json
from engine.service_tasks import Context, completion, service_task
from engine.work import Work
from handlers.errors import ActionNotAllowed, FieldsInvalid, RuleRefused
from handlers.estate import relation_log
from handlers.estate.identity import IdType
from handlers.estate.people import PersonEntry
from handlers.estate.records import CheckState, RelationKind, estate_relation
from handlers.moving import cases, checks, handing_over, notices, people, requesting, rules, switching, words
from handlers.moving.cases import Case
from handlers.moving.people import MAIN, Member
from handlers.moving.records import OVER, State
from handlers.moving.transfer_entry import KEEP
from handlers.shared import access_log
from handlers.shared.answers import Answers
from handlers.shared.permissions import Permission

RENEW = "renew"


@completion("tenant.register")
def register(context: Context, answers: dict[str, Json]) -> dict[str, Json]:
    """Write down what the change is; unless the owner told us, their word is asked for.

    Returns:
        next_step: ask_owner, enter or leave.
    """
    given = Answers(answers)
    work, case = context.work, cases.of(context)
    what, told_by = given.text("change"), given.text("told_by")
    cases.note(work, case, "told_by", f"{given.text('contact_name')} {given.text('contact_phone')}".strip())
    cases.note(work, case, "notice", given.text("note"))
    case = cases.change(work, case, way=what)
    case = cases.add_facts(work, case, told_by=told_by, tenant=given.text("tenant") or None)
    next_step = rules.next_of_tenant(what, told_by)
    if next_step == rules.ASK_OWNER:
        notices.to_owners(work, case, "tenant_ask_owner")
    elif next_step == "leave":
        _tell_leaving(work, case)
    else:
        notices.to_owners(work, case, "tenant_owner_told")
    return {"next_step": next_step}


def _tell_leaving(work: Work, case: Case) -> None:
    """Tell both sides before anybody's access ends: whoever knows nothing of it can say so in time."""
    notices.to_owners(work, case, "tenant_leaving")
    tenant = tenant_of(work, case)
    notices.to_people(work, case, [tenant.person_id] if tenant else [], "tenant_leaving")


@completion("tenant.owner")
def owner(context: Context, answers: dict[str, Json]) -> None:
    """Keep what the owner says and tell every owner; without their agreement nobody moves in.

    Raises:
        ActionNotAllowed: a resident who does not own the house answers.
    """
    given = Answers(answers)
    work, case = context.work, cases.of(context)
    if work.actor.kind == "resident" and not requesting.is_owner(work, case.house_id):
        raise ActionNotAllowed("owner_only", "须由业主本人答复")
    cases.note(work, case, "owner", given.text("note"))
    case = cases.add_facts(
        work,
        case,
        owner_said=given.outcome,
        owner_how=given.text("how"),
        owner_id_seen=given.flag("id_seen"),
    )
    notices.to_owners(
        work, case, "tenant_owner_refused" if given.outcome == "refuse" else "tenant_owner_agreed"
    )
    if given.outcome == "refuse":
        cases.change(work, case, state=State.STOPPED, closed_at=work.now)
        tenant = tenant_of(work, case)
        notices.to_people(work, case, [tenant.person_id] if tenant else [], "tenant_refused")


@completion("tenant.enter")
def enter(context: Context, answers: dict[str, Json]) -> dict[str, Json]:
    """Write down the tenant and who lives with them, or the new end of a lease, unchecked.

    Source: policy C1, C2.
    """
    given = Answers(answers)
    work, case = context.work, cases.of(context)
    work.require(Permission.OWNER_ENTER, case.community_id)
    lease_ends_on = given.day("lease_ends_on")
    if given.text("entry") != KEEP:
        rules.require_lease_end(lease_ends_on, work.now.astimezone(work.engine.zone).date())
        members = [_renewing(case)] if given.text("entry") == RENEW else [_tenant(given), *_others(given)]
        people.enter(work, case, members)
        case = cases.add_facts(work, case, scopes=list(given.choices("scopes")), entry=given.text("entry"))
        if given.text("entry") != RENEW:
            case = cases.add_facts(work, case, notice_version=words.notice_version())
        case = cases.change(work, case, lease_ends_on=lease_ends_on)
    checks.ask(context, case, {checks.LEASE_ENDS: case.lease_ends_on.isoformat()})
    cases.change(work, case, state=State.ENTERED, entered_at=work.now, entered_by=work.actor.id)
    return {"same": False}


def _renewing(case: Case) -> Member:
    tenant = str(case.facts.get("tenant") or "")
    if not tenant.isdecimal():
        raise FieldsInvalid({"entry": ("没有指明是哪位租户续租", {})})
    return Member(PersonEntry(name=""), RelationKind.TENANT, relation_id=int(tenant))


def _tenant(given: Answers) -> Member:
    entry = PersonEntry(
        name=given.text("name"),
        phone=given.text("phone"),
        id_type=given.text("id_type") or IdType.ID_CARD,
        id_number=given.text("id_number"),
    )
    return Member(entry, RelationKind.TENANT, relation={"is_payer": given.flag("is_payer")})


def _others(given: Answers) -> list[Member]:
    return [
        Member(
            PersonEntry(name=line.text("name"), phone=line.text("phone")),
            RelationKind.FAMILY,
            f"others.{index}.",
            through_main=True,
        )
        for index, line in enumerate(given.lines("others"))
    ]


@completion("tenant.check")
def check(context: Context, answers: dict[str, Json]) -> dict[str, Json]:
    """Compare what another person types from the papers with what was entered.

    Returns:
        same lets the tenant's access begin in this very transaction.
    Source: policy C1.
    """
    return checks.decide(context, cases.of(context), answers)


@service_task("tenant.grant")
def grant(context: Context) -> None:
    """Let what was entered count: a new tenant's access begins, or a lease ends later than before.

    Running again does nothing. The end of the lease is a reminder; access ends when moving out is confirmed.

    Raises:
        RuleRefused: nobody has checked it.
    Source: policy C2.
    """
    work, case = context.work, cases.of(context)
    if case.done_at is not None:
        return
    if case.checked_at is None:
        raise RuleRefused("not_checked", "未经二次核对，不能开通")
    entered = people.parties(work, case)
    for party in entered:
        if party.relation.check_state == CheckState.PENDING:
            _set(
                work,
                party.relation.id,
                valid_from=work.now,
                check_state=CheckState.CHECKED,
                counts_since=work.now,
            )
            relation_log.note_counts(work, estate_relation.c.id == party.relation.id)
            cases.log_change(work, case, "relation", party.relation.id, "begun")
    main = entered[MAIN]
    _set(work, main.relation.id, lease_ends_on=case.lease_ends_on)
    if case.facts.get("entry") != RENEW:
        switching.note_agreements(work, main.person.id, case)
        switching.open_account(work, main.person.id, case.house_id)
    cases.change(work, case, state=State.CLOSED, done_at=work.now, closed_at=work.now)
    notices.to_people(work, case, [main.person.id], "tenant_granted")
    notices.to_owners(work, case, "tenant_granted_owner")
    access_log.append(work, access_log.Entry("grant_tenant", "house", case.house_id))


@completion("tenant.lease_end")
def lease_end(context: Context, answers: dict[str, Json]) -> dict[str, Json]:
    """Keep what becomes of a lease that ends; the 24 hours run from this answer."""
    given = Answers(answers)
    work, case = context.work, cases.of(context)
    cases.note(work, case, "notice", given.text("note"))
    case = cases.change(work, case, way=RENEW if given.outcome == "renew" else "out", noticed_at=work.now)
    if given.outcome == "renew":
        notices.to_owners(work, case, "tenant_owner_told")
    else:
        _tell_leaving(work, case)
    return {"notice_at": work.now.isoformat()}


@completion("tenant.leave")
def leave(context: Context, answers: dict[str, Json]) -> None:
    """Note that the tenant has moved out, and which vehicles go; somebody else looks whether it is so."""
    given = Answers(answers)
    work, case = context.work, cases.of(context)
    zone = work.engine.zone
    tenant = tenant_of(work, case)
    if tenant is None:
        raise RuleRefused("no_tenant", "没有指明是哪位租户搬离，请取消后重新登记")
    moved_out_on = given.day("moved_out_on")
    came_on = tenant.valid_from.astimezone(zone).date()
    rules.require_moved_out(moved_out_on, came_on, work.now.astimezone(zone).date())
    meters: dict[str, Json] = {key: given.text(key) for key in ("water", "power") if given.text(key)}
    cases.note(work, case, "leaving", given.text("note"))
    cases.add_facts(
        work,
        case,
        moved_out_on=str(moved_out_on),
        meters=meters,
        vehicles_ended=list(given.choices("ended")),
        left_by=str(work.actor.id),
    )


@completion("tenant.check_out")
def check_out(context: Context, answers: dict[str, Json]) -> None:
    """Keep what a second person found; what is not so goes back, and everything stays as it is.

    Raises:
        ActionNotAllowed: the actor confirmed it themselves.
    Source: policy C1.
    """
    given = Answers(answers)
    work, case = context.work, cases.of(context)
    if case.facts.get("left_by") == str(work.actor.id):
        raise ActionNotAllowed("four_eyes", "搬离由您确认，须由另一人核实")
    if given.outcome == "reject":
        cases.note(work, case, "not_left", given.text("note"))
        cases.change(work, case, differed=case.differed + 1)
        return
    case = cases.add_facts(work, case, left_how=given.text("how"))
    cases.change(work, case, checked_at=work.now, checked_by=work.actor.id)


@service_task("tenant.end_access")
def end_access(context: Context) -> None:
    """End the access of the tenant and of all who stood to the house through them; take vehicles off.

    Running again does nothing.

    Raises:
        RuleRefused: nobody has confirmed that they moved out, or no second person has checked it.
    """
    work, case = context.work, cases.of(context)
    if case.done_at is not None:
        return
    if "moved_out_on" not in case.facts:
        raise RuleRefused("not_moved_out", "尚未确认搬离，不能终止权限")
    if case.checked_at is None:
        raise RuleRefused(
            "not_checked", "未经另一人核实，不能终止权限。按旧流程图办理的，请主管取消此事，再重新登记退租"
        )
    handing_over.end_vehicles(work, case, case.facts.get("vehicles_ended", []))
    before = people.standings(work, case.house_id)
    tenants = [one for one in before if str(one.id) == str(case.facts.get("tenant"))]
    ended = rules.leaving_with(before, tenants)
    for relation_id in ended:
        _set(work, relation_id, valid_to=work.now)
        cases.log_change(work, case, "relation", relation_id, "ended")
    relation_log.note_ended(work, ended)
    switching.detach_cases(work, case, [one for one in before if one.id not in ended])
    cases.change(work, case, state=State.CLOSED, done_at=work.now, closed_at=work.now)
    notices.to_people(work, case, [one.person_id for one in tenants], "tenant_left")
    notices.to_owners(work, case, "tenant_left_owner")
    access_log.append(work, access_log.Entry("end_tenant", "house", case.house_id))


@service_task("tenant.cancel")
def cancel(context: Context, reason: str) -> None:
    """Cancel a change of tenant: what was entered is withdrawn.

    Raises:
        RuleRefused: access has changed already.
    """
    work, case = context.work, cases.of(context)
    if case.done_at is not None:
        raise RuleRefused("already_granted", "权限已变更，不能取消")
    if case.state in OVER:
        return
    checks.withdraw(work, case)
    people.withdraw(work, case)
    cases.note(work, case, "cancelled", reason)
    cases.change(work, case, state=State.STOPPED, closed_at=work.now)
    if case.way == "out":
        notices.to_owners(work, case, "tenant_stays")
        tenant = tenant_of(work, case)
        notices.to_people(work, case, [tenant.person_id] if tenant else [], "tenant_stays")


def tenant_of(work: Work, case: Case) -> Case | None:
    """Return the relation of the tenant whom a case is about, if it is one who lives there."""
    tenant = str(case.facts.get("tenant") or "")
    if not tenant.isdecimal():
        return None
    return work.connection.execute(
        select(estate_relation).where(
            estate_relation.c.id == int(tenant), estate_relation.c.house_id == case.house_id
        )
    ).one_or_none()


def _set(work: Work, relation_id: int, **values: object) -> None:
    work.connection.execute(
        update(estate_relation).where(estate_relation.c.id == relation_id).values(**values)
    )
