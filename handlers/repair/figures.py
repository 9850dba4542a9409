"""The figures that the process owner sets in the table repair_rules, as a case began with them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from engine import instances
from engine.durations import Duration
from engine.work import Work
from handlers.repair.catalogue import Table
from handlers.repair.orders import Order

TABLE = "repair_rules"


@dataclass(frozen=True, slots=True)
class Figures:
    """What the rows of the table say, each under the name of its rule.

    Attributes:
        returns_before_lead: the lead decides after an order was given back so often.
        reworks_by_the_same: up to this rework the same repairer may come again.
        bad_mark: a mark up to this is a bad one.
        absences_within: how long an absence counts.
        merge_within: two reports of one common fault come at most so far apart.
        reopen_within: how long after closing the owner may come back on an order.
        visit_window: before and after the agreed time.
        familiar_within: who repaired in a building since then knows it.
    """

    returns_before_lead: int
    reworks_by_the_same: int
    bad_mark: int
    absences_within: timedelta
    merge_within: timedelta
    reopen_within: timedelta
    visit_window: timedelta
    familiar_within: timedelta


@dataclass(frozen=True, slots=True)
class Booking:
    """How owners move a visit by themselves; what holds now holds for every order.

    Attributes:
        move_before: the latest before the agreed hours begin.
        after, within: the times that are offered lie so far ahead.
    """

    move_before: timedelta
    after: timedelta
    within: timedelta


def of(work: Work, order: Order) -> Figures:
    """Return the figures that hold for an order."""
    return _read(instances.table_of(work, order.instance_id, TABLE))


def of_each(work: Work, rows: Collection[Order]) -> dict[int, Figures]:
    """Return the figures that hold for each of some orders, by its id; what is asked grows with no order."""
    tables = instances.tables_of(work, [one.instance_id for one in rows], TABLE)
    return {one.id: _read(tables[one.instance_id]) for one in rows}


def in_force(work: Work) -> Figures:
    """Return the figures that hold for new orders."""
    return _read(instances.table_of(work, None, TABLE))


def booking(work: Work) -> Booking:
    """Return how visits are booked now."""
    table = instances.table_of(work, None, TABLE)
    return Booking(
        _span(table, "move_visit_before"), _span(table, "book_visit_after"), _span(table, "book_visit_within")
    )


def promise_within(work: Work, order: Order) -> timedelta:
    """Return how far ahead a complaint's answer may promise something; cases that began earlier have none."""
    return _span(instances.table_of(work, order.instance_id, TABLE), "promise_within")


def absent_after(work: Work, order: Order) -> timedelta:
    """Return how long somebody waits at the door; not at all in cases that began before the table said so."""
    table = instances.table_of(work, order.instance_id, TABLE)
    return _span(table, "absent_after") if list(table.evaluate({"rule": "absent_after"})) else timedelta(0)


@lru_cache(maxsize=32)  # a table never changes once it is read
def _read(table: Table) -> Figures:
    return Figures(
        returns_before_lead=_count(table, "returns_before_lead"),
        reworks_by_the_same=_count(table, "reworks_by_the_same"),
        bad_mark=_count(table, "bad_mark"),
        absences_within=_span(table, "absences_within"),
        merge_within=_span(table, "merge_within"),
        reopen_within=_span(table, "reopen_within"),
        visit_window=_span(table, "visit_window"),
        familiar_within=_span(table, "familiar_within"),
    )


# That each row is there and says what it should was checked when the table was deployed.


def _count(table: Table, rule: str) -> int:
    (row,) = table.evaluate({"rule": rule})
    return int(str(row["count"]))


def _span(table: Table, rule: str) -> timedelta:
    (row,) = table.evaluate({"rule": rule})
    span = row["span"]
    assert isinstance(span, Duration)
    return span.exact
