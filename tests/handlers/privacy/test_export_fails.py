"""A file that cannot be made does not stay "being made": it says so, and can be made again."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select

from engine.ports import SYSTEM
from handlers.errors import NoRoom, RecordConflict, RecordNotFound
from handlers.privacy import export_files, requests
from handlers.shared import limits, outbox, work_files
from handlers.shared.records import alarm, outbox_job
from handlers.shared.work_files import WorkFiles
from tests.handlers.inline import inline_worker
from tests.handlers.office import Office, account
from tests.handlers.privacy.test_export import agree, asked, fetched, owners, ready, rows_of, state
from tests.handlers.privacy.test_request import Home, brought, decided, home
from tests.handlers.privacy.test_request import asked as asked_for_own

__all__ = ["home"]


class FullDisk(WorkFiles):
    """A folder in which nothing more fits."""

    def __init__(self) -> None:
        pass

    def write(self, parts: Iterable[bytes]) -> str:
        raise NoRoom("disk_full", "服务器磁盘已满")


@contextmanager
def full_disk(office: Office) -> Iterator[None]:
    """Let no file be written."""
    files, office.engine.cache["work_files"] = work_files.of(office.engine), FullDisk()
    yield
    office.engine.cache["work_files"] = files


def try_for_half_an_hour(office: Office) -> None:
    """Let every attempt be made."""
    for _ in range(limits.JOB_ATTEMPTS + 1):
        inline_worker(office.engine).drain()
        office.clock.advance(minutes=25)


def failed(office: Office) -> str:
    """Bring an export to where its file could not be made."""
    owners(office)
    number = asked(office)
    agree(office, number, "lead", office.csl)
    with full_disk(office):
        try_for_half_an_hour(office)
    return number


def make_again(office: Office, number: str) -> None:
    office.engine.run(office.clerk, lambda work: export_files.make_again(work, number))


def alarms(office: Office) -> list[str]:
    with office.engine.reading(SYSTEM) as work:
        return list(work.connection.execute(select(alarm.c.detail)).scalars())


def test_on_a_full_disk_the_export_fails_and_who_asked_is_told(office: Office) -> None:
    number = failed(office)
    assert state(office, number) == "failed"
    assert office.told("export_failed") == {account(office.clerk)}
    assert {"job": "export_file"} in alarms(office)
    with pytest.raises(RecordConflict):
        fetched(office, number)


def test_who_asked_has_it_made_again_and_fetches_it(office: Office) -> None:
    number = failed(office)
    for other in (office.csl, office.dpo):
        with pytest.raises(RecordNotFound):
            office.engine.run(other, lambda work: export_files.make_again(work, number))
    make_again(office, number)
    assert state(office, number) == "making"
    with pytest.raises(RecordConflict):
        make_again(office, number)
    inline_worker(office.engine).drain()
    assert len(rows_of(fetched(office, number))) == 5


def test_it_may_fail_twice_and_is_told_each_time(office: Office) -> None:
    number = failed(office)
    make_again(office, number)
    with full_disk(office):
        try_for_half_an_hour(office)
    assert state(office, number) == "failed"
    with office.engine.reading(SYSTEM) as work:
        keys = work.connection.execute(select(outbox_job.c.dedup_key)).scalars()
        told = [one for one in keys if one.startswith("export_failed:") and ":account:" in one]
    assert len(told) == 2


def test_a_making_that_is_killed_each_time_ends_as_failed_as_well(office: Office) -> None:
    owners(office)
    number = asked(office)
    agree(office, number, "lead", office.csl)
    lease = timedelta(minutes=2)
    for _ in range(limits.JOB_ATTEMPTS + 1):
        outbox.claim(office.engine, 20, lease)  # whoever took it is killed without a word
        office.clock.advance(minutes=3)
    inline_worker(office.engine).drain()
    assert state(office, number) == "failed"
    make_again(office, number)
    inline_worker(office.engine).drain()
    assert state(office, number) == "ready"


def test_one_that_failed_lapses_with_its_day_and_is_made_no_more(office: Office) -> None:
    number = failed(office)
    office.later(hours=24)
    assert office.is_over(number)
    assert state(office, number) == "lapsed"
    with pytest.raises(RecordConflict):
        make_again(office, number)


def test_one_that_is_ready_is_not_made_again(office: Office) -> None:
    number = ready(office)
    with pytest.raises(RecordConflict):
        make_again(office, number)


def test_somebodys_own_data_are_tried_again_hours_later(office: Office, home: Home) -> None:
    number = asked_for_own(office, home.owner, "copy")
    brought(office, number)
    decided(office, number, "grant")
    with full_disk(office):
        try_for_half_an_hour(office)
    inline_worker(office.engine).drain()
    assert not has_file(office, number)
    office.later(hours=7)
    inline_worker(office.engine).drain()
    assert has_file(office, number)


def has_file(office: Office, number: str) -> bool:
    with office.engine.reading(SYSTEM) as work:
        return requests.by_number(work, number).file_name is not None
