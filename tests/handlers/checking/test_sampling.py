"""One in twenty of a month's checks is drawn, the same whenever it is drawn again, and marked once."""

from datetime import date

import pytest
from sqlalchemy import insert, select

from engine.clock import SettableClock
from engine.errors import NotPermitted
from engine.ids import new_id
from engine.ports import SYSTEM
from engine.work import Engine
from handlers.accounts.permissions import Post
from handlers.checking import sampling
from handlers.checking.records import check_sample, second_check
from handlers.errors import FieldsInvalid, RecordConflict
from handlers.shared.records import outbox_job
from tests.handlers.estate_world import World


def confirmed(engine: Engine, world: World, kind: str, count: int, state: str = "confirmed") -> None:
    """Put checks of this moment on record."""
    with engine.work(SYSTEM) as work:
        for _ in range(count):
            row_id = new_id()
            work.connection.execute(
                insert(second_check).values(
                    id=row_id,
                    subject_kind=kind,
                    subject_id=row_id,
                    field_group="phone",
                    community_id=world.community,
                    house_id=world.house,
                    risk="medium",
                    state=state,
                    entered_by=1,
                    entered_at=work.now,
                    fields=["phone"],
                    typed_again=[],
                    mismatches=0,
                    checked_by=2,
                    checked_at=work.now,
                )
            )


def drawn(engine: Engine) -> list[int]:
    with engine.reading(SYSTEM) as work:
        return sorted(work.connection.execute(select(check_sample.c.check_id)).scalars())


def next_month(clock: SettableClock) -> date:
    """Move into the month after, and return the first day of the one that is over."""
    month = clock.now().date().replace(day=1)
    clock.advance(days=31)
    return month


@pytest.mark.both_stores
def test_one_in_twenty_of_each_kind_is_drawn_once_and_again_the_same(
    engine: Engine, world: World, clock: SettableClock
) -> None:
    confirmed(engine, world, "correction", 41)
    confirmed(engine, world, "moving_case", 3)
    confirmed(engine, world, "import", 5)
    confirmed(engine, world, "person", 30, "rejected")
    month = next_month(clock)
    assert sampling.watch(engine) == 3 + 1
    first = drawn(engine)
    assert sampling.watch(engine) == 0
    with engine.work(SYSTEM) as work:
        work.connection.execute(check_sample.delete())
        assert sampling.draw(work, month) == 4
    assert drawn(engine) == first


def test_the_auditor_marks_each_once_and_the_lead_hears_of_what_is_wrong(
    engine: Engine, world: World, clock: SettableClock
) -> None:
    confirmed(engine, world, "correction", 1)
    month = next_month(clock)
    sampling.watch(engine)
    auditor, lead = world.staff(Post.AUD, everywhere=True), world.staff(Post.CSL)
    with engine.work(auditor) as work:
        (one,) = sampling.sample(work, month)
        with pytest.raises(FieldsInvalid):
            sampling.mark(work, one.id, "wrong", " ")
        sampling.mark(work, one.id, "wrong", "电话与原件不符")
        with pytest.raises(RecordConflict):
            sampling.mark(work, one.id, "fine", "")
        (marked,) = sampling.sample(work, month)
        told = [
            args["to"]
            for args in work.connection.execute(select(outbox_job.c.args)).scalars()
            if args.get("template") == "sample_wrong"
        ]
    assert (marked.verdict, marked.note, marked.corrected_by) == ("wrong", "电话与原件不符", "")
    assert told == [[f"account:{lead.id}"]]


def test_nobody_else_reads_or_marks_the_sample(engine: Engine, world: World) -> None:
    with engine.reading(world.staff(Post.CSL)) as work:
        with pytest.raises(NotPermitted):
            sampling.sample(work, date(2026, 10, 1))
        with pytest.raises(NotPermitted):
            sampling.mark(work, 1, "fine", "")
