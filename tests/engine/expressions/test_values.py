"""Process data in and out: typed by declaration, stored as JSON."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.bpmn.expressions import ExpressionError, ValueType, dump, load, load_all
from engine.durations import Duration

NOTICE = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)

json_scalars = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text()
json_values = st.recursive(
    json_scalars | st.floats(-9e29, 9e29, allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
values = {
    ValueType.CODE: st.text(max_size=1000),
    ValueType.NUMBER: st.integers(-(10**30), 10**30) | st.floats(-9e29, 9e29, allow_nan=False),
    ValueType.BOOLEAN: st.booleans(),
    ValueType.MOMENT: st.timedeltas(timedelta(-40_000), timedelta(300_000)).map(lambda span: NOTICE + span),
    ValueType.DATE: st.dates(date(1900, 1, 1), date(2999, 12, 31)),
    ValueType.DURATION: st.builds(
        Duration, st.integers(0, 500), st.timedeltas(timedelta(0), timedelta(9999))
    ),
    ValueType.LIST: st.lists(json_values, max_size=3),
    ValueType.ANY: json_values,
}


@pytest.mark.parametrize("value_type", ValueType)
@given(data=st.data())
def test_a_value_survives_being_stored_and_loaded(value_type, data):
    value = data.draw(values[value_type])
    assert load(dump(value), value_type) == value


@pytest.mark.parametrize("value_type", ValueType)
def test_null_is_null_of_every_type(value_type):
    assert load(None, value_type) is None
    assert dump(None) is None


@pytest.mark.parametrize(
    ("json", "value_type"),
    [
        ("2026-11-23T09:30:00", ValueType.MOMENT),
        ("2026-11-23", ValueType.MOMENT),
        (1790000000, ValueType.MOMENT),
        ("2026-02-30", ValueType.DATE),
        ("20260228", ValueType.DATE),
        ("2026-11-23T09:30:00Z", ValueType.DATE),
        ("-PT5M", ValueType.DURATION),
        ("30M", ValueType.DURATION),
        (30, ValueType.DURATION),
        (True, ValueType.NUMBER),
        ("5", ValueType.NUMBER),
        (float("nan"), ValueType.NUMBER),
        (10**31, ValueType.NUMBER),
        (1, ValueType.BOOLEAN),
        ("true", ValueType.BOOLEAN),
        (5, ValueType.CODE),
        ("x" * 1001, ValueType.CODE),
        ("abc", ValueType.LIST),
        ({"a": 1}, ValueType.LIST),
        ([float("inf")], ValueType.LIST),
        ({1: 2}, ValueType.ANY),
        ({"a": NOTICE}, ValueType.ANY),
        (b"x", ValueType.ANY),
        ([object()], ValueType.ANY),
    ],
)
def test_data_that_do_not_fit_their_type_are_refused(json, value_type):
    with pytest.raises(ExpressionError):
        load(json, value_type)


def test_data_nested_too_deep_are_refused():
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    for use in (dump, lambda data: load(data, ValueType.LIST)):
        with pytest.raises(ExpressionError, match="20"):
            use(deep)


@pytest.mark.parametrize(
    "value",
    [
        Duration(exact=timedelta(minutes=-5)),
        datetime(2026, 1, 1),  # noqa: DTZ001  # the point of the test
        float("inf"),
        object(),
        [object()],
    ],
)
def test_what_must_not_be_stored_is_refused(value):
    with pytest.raises(ExpressionError):
        dump(value)


def test_moments_and_durations_are_stored_as_iso_texts():
    stored = dump({"at": NOTICE, "day": date(2026, 11, 23), "limits": [Duration.parse("PT30M")]})
    assert stored == {"at": "2026-11-23T01:30:00Z", "day": "2026-11-23", "limits": ["PT30M"]}


def test_named_variables_are_loaded_by_their_declared_types():
    data = {"at": "2026-11-23T01:30:00Z", "code": "P0", "other": object()}
    types = {"at": ValueType.MOMENT, "code": ValueType.CODE}
    assert load_all(data, types, {"at", "code", "unset"}) == {"at": NOTICE, "code": "P0", "unset": None}
