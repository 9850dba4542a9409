"""The platform itself verifies the access log every night, on one node, and tells what it finds once."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, select

from engine.errors import NotAllowed
from engine.ports import SYSTEM
from engine.work import Engine
from handlers.safety import reconciling, verified, verifying
from handlers.shared import access_log, alarms, log_anchors
from handlers.shared.access_log import Entry
from handlers.shared.alarms import LOG_BROKEN
from handlers.shared.records import access_log as entries
from handlers.shared.records import outbox_job
from tests.handlers.office import Office


@pytest.fixture
def known(office: Office) -> Office:
    """An office whose log is whole, at two in the night."""
    reconciling.adopt(office.engine)
    log_anchors.keep(office.engine)
    at_night(office, 24)
    return office


def at_night(office: Office, day: int, hour: int = 2) -> None:
    office.clock.set(datetime(2026, 11, day, hour, 5, tzinfo=UTC) - timedelta(hours=8))


def runs(office: Office) -> int:
    with office.engine.reading(SYSTEM) as work:
        return len(work.connection.execute(select(verified.access_log_check)).all())


def raised(office: Office) -> list[alarms.Alarm]:
    with office.engine.reading(office.sec) as work:
        return [one for one in alarms.open_alarms(work) if one.kind == LOG_BROKEN]


def told(office: Office) -> int:
    with office.engine.reading(SYSTEM) as work:
        jobs = work.connection.execute(select(outbox_job.c.dedup_key)).scalars().all()
    return sum(one.startswith(LOG_BROKEN) for one in jobs)


def alter(office: Office, number: int) -> None:
    with office.engine.work(SYSTEM) as work:
        work.connection.execute(entries.update().where(entries.c.number == number).values(actor_id=7))


def log(engine: Engine) -> None:
    engine.run(SYSTEM, lambda work: access_log.append(work, Entry("reveal_phone", "person", 1)))


def test_a_whole_log_is_verified_once_a_night_and_by_day_only_after_a_missed_night(known: Office) -> None:
    verifying.watch(known.engine)
    verifying.watch(known.engine)
    assert (runs(known), raised(known)) == (1, [])
    with known.engine.reading(known.sec) as work:
        last = verified.last(work)
    assert last is not None
    assert (last.differences, last.is_old) == (0, False)
    at_night(known, 25, hour=0)
    verifying.watch(known.engine)
    assert runs(known) == 1
    at_night(known, 25, hour=12)
    verifying.watch(known.engine)
    assert runs(known) == 2
    at_night(known, 25, hour=23)
    verifying.watch(known.engine)
    assert runs(known) == 2


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.both_stores
def test_a_node_that_was_cut_off_leaves_the_turn_to_another_one_later_that_night(known: Office) -> None:
    assert known.engine.run(SYSTEM, verifying.begin)
    verifying.watch(known.engine)
    assert runs(known) == 0
    at_night(known, 24, hour=4)
    verifying.watch(known.engine)
    assert runs(known) == 1


def test_an_altered_log_raises_one_alarm_until_something_else_is_found(known: Office) -> None:
    alter(known, 1)
    for day in (24, 25):
        at_night(known, day)
        verifying.watch(known.engine)
    (first,) = raised(known)
    assert (runs(known), first.detail["count"], told(known)) == (2, 1, 1)
    known.engine.run(known.sec, lambda work: alarms.close_alarm(work, first.id))
    at_night(known, 26)
    verifying.watch(known.engine)
    assert raised(known) == []
    alter(known, 2)
    at_night(known, 27)
    verifying.watch(known.engine)
    assert [one.detail["count"] for one in raised(known)] == [2]
    assert told(known) == 2


def test_a_system_administrator_who_could_have_altered_the_log_does_not_close_the_alarm(
    known: Office,
) -> None:
    alter(known, 1)
    verifying.watch(known.engine)
    (one,) = raised(known)
    with pytest.raises(NotAllowed):
        known.engine.run(known.sys, lambda work: alarms.close_alarm(work, one.id))


def test_a_file_of_anchors_that_was_altered_is_told_like_an_altered_log(known: Office) -> None:
    log_anchors.file_of(known.engine).write_text("nonsense\n")
    verifying.watch(known.engine)
    assert [one.detail["count"] for one in raised(known)] == [1]


def test_what_is_logged_and_anchored_while_the_log_is_read_is_no_break(known: Office) -> None:
    reads = 0

    def go_on(*arguments: object) -> None:
        nonlocal reads
        reads += "FROM access_log" in str(arguments[2])
        if reads == 2:  # the state that is read stands since the first
            reads += 1
            log(known.engine)
            log_anchors.keep(known.engine)

    event.listen(known.engine.database.reader, "before_cursor_execute", go_on)
    broken = log_anchors.verify(known.engine)
    event.remove(known.engine.database.reader, "before_cursor_execute", go_on)
    assert broken == []
    assert reads > 2
