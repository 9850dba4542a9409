"""Says what stands against erasing a person: a contract, open matters, periods that the law gives claims."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import or_, select

from engine.bilingual import Text
from engine.store.tables import instance
from engine.work import Work
from handlers.checking.records import CheckOutcome, second_check
from handlers.estate.records import BASIC_KINDS, estate_house, estate_relation
from handlers.privacy.erasing_traces import Traces, of_sibling
from handlers.privacy.retention import keep_of

CLAIMS = "person"  # the class of data whose period runs from the end of the last relation
_NAMED = 3
_OPEN = ("active", "suspended")


@dataclass(frozen=True)
class Block:
    """One reason why a person's data are kept for now.

    Attributes:
        code: contract | open_case | open_check | open_incident | claims.
        text: for the person, in both languages.
        until: the day from which it stands against nothing any more, where one is known.
    """

    code: str
    text: Text
    until: date | None = None


def blocks_of(work: Work, traces: Traces) -> tuple[Block, ...]:
    """Return every reason that stands against erasing a person now; for commands that have asked who may."""
    found = (
        _contract(work, traces),
        _open_cases(work, traces),
        _open_checks(work, traces),
        _open_incidents(work, traces),
        _claims(work, traces),
    )
    return tuple(block for block in found if block is not None)


def _contract(work: Work, traces: Traces) -> Block | None:
    rows = work.connection.execute(
        select(estate_house.c.address)
        .join(estate_relation, estate_relation.c.house_id == estate_house.c.id)
        .where(
            estate_relation.c.id.in_(traces.relations),
            or_(estate_relation.c.valid_to.is_(None), estate_relation.c.valid_to > work.now),
        )
        .limit(_NAMED)
    )
    homes = "、".join(sorted({row.address for row in rows}))
    if not homes:
        return None
    return Block(
        "contract",
        (
            f"仍登记在房屋 {homes} 名下，履行物业服务合同需要这些资料",
            f"still on record for {homes}; the service contract needs these data",
        ),
    )


def _open_cases(work: Work, traces: Traces) -> Block | None:
    rows = work.connection.execute(
        select(instance.c.business_key)
        .where(instance.c.id.in_(traces.cases), instance.c.state.in_(_OPEN))
        .order_by(instance.c.id)
        .limit(_NAMED)
    )
    numbers = "、".join(row.business_key for row in rows)
    if not numbers:
        return None
    return Block("open_case", (f"还有未办结的事项：{numbers}", f"matters are still open: {numbers}"))


def _open_checks(work: Work, traces: Traces) -> Block | None:
    waits = (second_check.c.id.in_(traces.checks), second_check.c.state == CheckOutcome.WAITING)
    if work.connection.execute(select(second_check.c.id).where(*waits).limit(1)).first() is None:
        return None
    return Block("open_check", ("还有录入等待二次核对", "an entry still waits for its second check"))


def _open_incidents(work: Work, traces: Traces) -> Block | None:
    safety = of_sibling("safety_incident")
    mine = (safety.c.reported_by.in_(traces.accounts), safety.c.closed_at.is_(None))
    number = work.connection.execute(select(safety.c.number).where(*mine).limit(1)).scalar()
    if number is None:
        return None
    return Block(
        "open_incident",
        (f"报告的安全事件 {number} 还在调查", f"security incident {number}, which they reported, is open"),
    )


def _claims(work: Work, traces: Traces) -> Block | None:
    """Keep the other side of a contract for as long as somebody may still claim something from it."""
    ended = work.connection.execute(
        select(estate_relation.c.valid_to)
        .where(
            estate_relation.c.id.in_(traces.relations),
            estate_relation.c.kind.in_(BASIC_KINDS),
            estate_relation.c.valid_to <= work.now,
        )
        .order_by(estate_relation.c.valid_to.desc())
        .limit(1)
    ).scalar()
    if ended is None or ended + keep_of(CLAIMS) <= work.now:
        return None
    until = (ended + keep_of(CLAIMS)).astimezone(work.engine.zone).date() + timedelta(days=1)
    return Block(
        "claims",
        (
            f"诉讼时效未满（民法典第 188 条），{until:%Y-%m-%d} 起自动删除，此前只存不用",
            f"claims may still be made (Civil Code, article 188); erased by itself from {until:%Y-%m-%d} on, "
            "until then kept and used for nothing",
        ),
        until,
    )
