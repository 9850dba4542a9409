"""Takes in what somebody finds odd, tells both administrators at once, and opens the procedure."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select

from engine import instances
from engine.ids import new_id
from engine.ports import SYSTEM, Actor
from engine.store.dialects import one_at_a_time
from engine.work import Engine, Work
from handlers.accounts import habits
from handlers.accounts.permissions import Post
from handlers.errors import ActionNotAllowed, FieldsInvalid, RecordNotFound, RuleRefused
from handlers.estate import communities
from handlers.safety.records import safety_incident
from handlers.safety.words import BY_PEOPLE, KINDS, REASONS
from handlers.shared import access_log, alarms, limits
from handlers.shared.messages import notification
from handlers.shared.numbers import next_number

PROCESS = "security_incident"
START = "security_reported"
_LETTER = "S"
_LONGEST = 2000
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Odd:
    """What somebody finds odd.

    Attributes:
        about_admin: an administrator may be behind it; then the auditor looks first.
        is_nameless: nobody is to know who reports.
    """

    kind: str
    description: str
    about_admin: bool = False
    is_nameless: bool = False


def report(engine: Engine, actor: Actor, odd: Odd) -> str | None:
    """Report something odd; whoever has an account may.

    Returns:
        The number of the incident; None where there is no community yet, and only an alarm was raised.
    Raises:
        FieldsInvalid: it says nothing.
        RuleRefused: too many reports within an hour.
    Source: policy A4, S2.
    """
    if actor.kind not in ("staff", "resident"):
        raise ActionNotAllowed("people_report", "接口账号不能报告异常，请由本人登录后报告")
    _require_said(odd)
    with engine.reading(actor) as work:
        place = _place_of(work)
    # The platform opens the case: a resident holds no right in a community, and a nameless report no actor.
    return engine.run(SYSTEM, lambda work: _taken_in(work, odd, None if odd.is_nameless else actor, place))


def open_incident(work: Work, odd: Odd, community_id: int, reporter_id: int | None) -> str:
    """Write an incident, start its case and tell the administrators; for the platform itself."""
    number, incident_id = next_number(work, _LETTER), new_id()
    work.connection.execute(
        safety_incident.insert().values(
            id=incident_id,
            number=number,
            community_id=community_id,
            kind=odd.kind,
            description=work.engine.vault.seal(
                "safety_incident", "description", incident_id, odd.description.strip()
            ),
            about_admin=odd.about_admin,
            reported_at=work.now,
            reported_by=reporter_id,
            state="open",
        )
    )
    title, title_en = KINDS[odd.kind]
    started = instances.start(
        work,
        PROCESS,
        instances.Subject(number, community_id, title=title, title_en=title_en),
        message=START,
        variables={"about_admin": odd.about_admin},
    )
    access_log.append(work, access_log.Entry("report_odd", "safety_incident", incident_id))
    _tell(work, odd, community_id, started.id)
    return number


def open_from_alarm(work: Work, alarm_id: int) -> str:
    """Make an unusual sign-in an incident, and close its alarm; for system and security administrators.

    Raises:
        RecordNotFound: there is no such alarm, or somebody dealt with it.
    """
    found = next((one for one in alarms.open_alarms(work) if one.id == alarm_id), None)
    community_id = first_community(work)
    if found is None or found.kind != habits.ALARM or community_id is None:
        raise RecordNotFound("alarm_not_found", "没有这条告警，或已处理")
    alarms.close_alarm(work, alarm_id)
    who = work.engine.directory.names(work.connection, [found.subject_id]).get(found.subject_id, "")
    reasons = found.detail.get("reasons")
    why = "、".join(REASONS[str(one)][0] for one in reasons) if isinstance(reasons, list) else ""
    return open_incident(work, Odd("unusual", who + "：" + why), community_id, work.actor.id)


def first_community(work: Work) -> int | None:
    """Return the community in which a company-wide case runs: the oldest one."""
    return min((one.id for one in communities.every(work)), default=None)


def _taken_in(work: Work, odd: Odd, reporter: Actor | None, place: int | None) -> str | None:
    _require_few(work, reporter)
    community_id = place if place is not None else first_community(work)
    if community_id is None:
        alarms.raise_alarm(work, "reported", reporter.id if reporter else 0, {"kind": odd.kind})
        return None
    return open_incident(work, odd, community_id, reporter.id if reporter else None)


def _require_said(odd: Odd) -> None:
    wrong: dict[str, tuple[str, dict[str, object]]] = {}
    if odd.kind not in BY_PEOPLE:
        wrong["kind"] = ("请选择哪里不对劲", {})
    if not odd.description.strip():
        wrong["description"] = ("请写下您看到了什么", {})
    elif len(odd.description) > _LONGEST:
        wrong["description"] = ("最多 {count} 字", {"count": _LONGEST})
    if wrong:
        raise FieldsInvalid(wrong)


def _require_few(work: Work, reporter: Actor | None) -> None:
    # Lock first: as many reports at once as there are connections would each find the last one free.
    one_at_a_time(work.connection, safety_incident)
    is_theirs = (
        safety_incident.c.reported_by.is_(None)
        if reporter is None
        else safety_incident.c.reported_by == reporter.id
    )
    count = work.connection.execute(
        select(func.count())
        .select_from(safety_incident)
        .where(
            is_theirs,
            safety_incident.c.kind.in_(BY_PEOPLE),
            safety_incident.c.reported_at > work.now - _HOUR,
            safety_incident.c.reported_at <= work.now + limits.CLOCK_SLACK,
        )
    ).scalar_one()
    if count >= (limits.NAMELESS_REPORTS_PER_HOUR if reporter is None else limits.ODD_REPORTS_PER_HOUR):
        raise RuleRefused("many_reports", "一小时内报告太多，请直接打电话给物业")


def _place_of(work: Work) -> int | None:
    if work.actor.kind == "resident":
        return next((house.community_id for house in communities.own_houses(work)), None)
    return min((member.scope_id for member in work.memberships), default=None)


def _tell(work: Work, odd: Odd, community_id: int, instance_id: int) -> None:
    """Tell both administrators at the same moment, or, where one of them may be behind it, the auditor."""
    posts = (Post.AUD, Post.DPO) if odd.about_admin else (Post.SYS, Post.SEC)
    directory = work.engine.directory
    people = dict.fromkeys(
        account_id
        for post in posts
        for account_id in directory.recipients(work.connection, post, community_id, work.now)
    )
    if not people:
        alarms.raise_alarm(work, "reported", instance_id, {"kind": odd.kind})
        return
    item = notification(
        "odd_reported",
        [f"account:{account_id}" for account_id in people],
        f"odd:{instance_id}",
        instance_id=str(instance_id),
    )
    work.engine.outbox.put_many(work.connection, [item], work.now)
