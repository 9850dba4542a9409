"""The access log: whoever edits, removes, inserts, reorders or cuts off entries is found out."""

from datetime import date

import pytest
from sqlalchemy import text

from engine.clock import SettableClock
from engine.ports import SYSTEM
from engine.work import Engine
from handlers.shared.access_log import Anchor, Break, Entry, anchor, append, count, verify

pytestmark = pytest.mark.both_stores

TODAY = date(2026, 11, 23)


def fill(engine: Engine, entries: int = 5) -> None:
    with engine.work(SYSTEM) as work:
        for number in range(entries):
            append(work, Entry("reveal_phone", "person", number, "repair", {"order": str(number)}))


def tamper(engine: Engine, *statements: str) -> None:
    with engine.work(SYSTEM) as work:
        for statement in statements:
            work.connection.execute(text(statement))


def breaks(engine: Engine, *anchors: Anchor) -> list[Break]:
    with engine.reading(SYSTEM) as work:
        return verify(work, anchors)


def end(engine: Engine) -> Anchor:
    with engine.reading(SYSTEM) as work:
        found = anchor(work)
    assert found is not None
    return found


def test_an_untouched_log_is_whole_over_several_days(engine: Engine, clock: SettableClock) -> None:
    for _ in range(3):
        fill(engine)
        clock.advance(days=1)
    assert breaks(engine, end(engine)) == []


def test_an_empty_log_is_whole(engine: Engine) -> None:
    assert breaks(engine) == []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("actor_id", "99"),
        ("action", "'sign_in'"),
        ("subject_kind", "'house'"),
        ("subject_id", "99"),
        ("purpose", "'notice'"),
        ("detail", "'{}'"),
        ("mac", "'00'"),
    ],
)
def test_an_edited_entry_is_found(engine: Engine, column: str, value: str) -> None:
    fill(engine)
    tamper(engine, f"UPDATE access_log SET {column} = {value} WHERE number = 3")
    assert Break(TODAY, 3, "altered") in breaks(engine)


def test_a_moment_that_was_changed_is_found(engine: Engine) -> None:
    fill(engine)
    tamper(engine, "UPDATE access_log SET at = '2026-11-23T01:00:00.000000Z' WHERE number = 3")
    assert Break(TODAY, 3, "altered") in breaks(engine)


def test_a_removed_entry_is_found(engine: Engine) -> None:
    fill(engine)
    tamper(engine, "DELETE FROM access_log WHERE number = 3")
    assert Break(TODAY, 3, "missing") in breaks(engine)


def test_a_removed_entry_is_found_though_the_others_were_renumbered(engine: Engine) -> None:
    fill(engine)
    tamper(
        engine,
        "DELETE FROM access_log WHERE number = 3",
        "UPDATE access_log SET number = 3 WHERE number = 4",
        "UPDATE access_log SET number = 4 WHERE number = 5",
    )
    assert Break(TODAY, 3, "altered") in breaks(engine)


def test_a_cut_off_end_is_found_by_the_head(engine: Engine) -> None:
    fill(engine)
    tamper(engine, "DELETE FROM access_log WHERE number = 5")
    assert breaks(engine) == [Break(TODAY, 5, "head")]


def test_a_forged_head_is_found(engine: Engine) -> None:
    fill(engine)
    tamper(
        engine,
        "DELETE FROM access_log WHERE number = 5",
        "UPDATE access_log_head SET number = 4, mac = (SELECT mac FROM access_log WHERE number = 4)",
    )
    assert Break(TODAY, 4, "head") in breaks(engine)


def test_an_older_head_put_back_is_found_by_an_anchor_kept_elsewhere(engine: Engine) -> None:
    fill(engine)
    old = end(engine)
    with engine.reading(SYSTEM) as work:
        seal = work.connection.execute(text("SELECT seal FROM access_log_head")).scalar_one()
    fill(engine)
    kept = Anchor.read(end(engine).line())
    tamper(
        engine,
        "DELETE FROM access_log WHERE number > 5",
        f"UPDATE access_log_head SET number = 5, mac = '{old.mac}', seal = '{seal}'",
    )
    assert breaks(engine) == []
    assert breaks(engine, kept) == [Break(TODAY, 10, "anchor")]


def test_a_whole_day_that_vanished_is_found_by_the_next(engine: Engine, clock: SettableClock) -> None:
    fill(engine)
    clock.advance(days=1)
    fill(engine)
    tamper(
        engine,
        "DELETE FROM access_log WHERE day = '2026-11-23'",
        "DELETE FROM access_log_head WHERE day = '2026-11-23'",
    )
    assert breaks(engine) == [Break(TODAY, 5, "anchor")]


def test_an_entry_of_an_undone_transaction_leaves_no_gap(engine: Engine) -> None:
    fill(engine)
    with pytest.raises(ZeroDivisionError), engine.work(SYSTEM) as work:
        append(work, Entry("reveal_phone", "person", 1))
        1 / 0  # noqa: B018
    fill(engine)
    assert breaks(engine) == []


def test_own_entries_are_counted_for_quotas(engine: Engine, clock: SettableClock) -> None:
    fill(engine)
    since = clock.now()
    clock.advance(minutes=1)
    fill(engine, 2)
    with engine.reading(SYSTEM) as work:
        assert count(work, "reveal_phone", since) == 2
        assert count(work, "sign_in", since) == 0
