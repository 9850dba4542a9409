"""The table of periods names every column that holds texts, so that a new one cannot be forgotten."""

import importlib

import pytest
from sqlalchemy import JSON, Column, LargeBinary, String, Text

from engine.store.metadata import metadata
from handlers import bootstrap
from handlers.privacy import retention
from handlers.privacy.retention import Action, DataClass
from handlers.privacy.retention_nights import SWEEPS
from handlers.shared.rotation import sealed_columns

WIDE = 40  # a name or an address fits in
SPEAKING = (
    "name",
    "phone",
    "mail",
    "address",
    "note",
    "remark",
    "reason",
    "text",
    "title",
    "body",
    "reported",
)
SEALED = {(table.name, column) for table, column in sealed_columns()}


def holds_text(column: Column[object]) -> bool:
    if (column.table.name, column.name) in SEALED:
        return True
    if isinstance(column.type, Text | JSON | LargeBinary) and not is_moment(column):
        return True
    if not isinstance(column.type, String):
        return False
    is_wide = (column.type.length or WIDE) >= WIDE
    return is_wide or any(word in column.name for word in SPEAKING)


def is_moment(column: Column[object]) -> bool:
    return type(column.type).__name__ == "UtcDateTime"


def test_every_column_that_holds_texts_has_a_period_or_a_reason_to_be_kept() -> None:
    assert bootstrap.RECORDS
    listed = set(retention.listed())
    columns = [one for table in metadata.sorted_tables for one in table.c if holds_text(one)]
    forgotten = [str(one) for one in columns if not listed & set(retention.names_of(one))]
    assert forgotten == [], "name them in handlers/privacy/retention.toml"


def test_every_sealed_column_stands_under_a_class_not_only_among_what_is_kept() -> None:
    named = {name for one in retention.classes() for name in one.columns}
    sealed = [table.c[column] for table, column in sealed_columns()]
    assert [str(one) for one in sealed if not named & set(retention.names_of(one))] == []


def test_the_table_names_no_column_that_is_gone() -> None:
    there = {name for table in metadata.sorted_tables for one in table.c for name in retention.names_of(one)}
    assert sorted(set(retention.listed()) - there) == []


@pytest.mark.parametrize("one", retention.classes(), ids=lambda one: one.id)
def test_each_class_says_who_carries_it_out_and_each_of_them_exists(one: DataClass) -> None:
    assert (one.period is None) == (one.action is Action.KEEP) == (not one.by) == (not one.since[0])
    if one.by:
        module, _, name = one.by.partition(":")
        assert callable(getattr(importlib.import_module(module), name))


def test_no_class_stands_twice() -> None:
    ids = [one.id for one in retention.classes()]
    assert len(ids) == len(set(ids))


def test_each_sweep_is_the_function_that_the_table_names() -> None:
    named = {one.id: one.by for one in retention.classes() if one.by.startswith("handlers.privacy.")}
    assert {name: f"{sweep.__module__}:{sweep.__name__}" for name, sweep in SWEEPS.items()} == named
