"""Conditions and values of diagrams: what they mean."""

import threading
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from engine.bpmn.expressions import NOW, ZONE, ExpressionError, parse_condition, parse_value
from engine.durations import Duration

NOTICE = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
VALUES = {
    "urgency": "P0",
    "verified": False,
    "amount": 1200,
    "rate": 0.5,
    "unset": None,
    "notice_time": NOTICE,
    "later": NOTICE + timedelta(hours=20),
    "day": date(2026, 1, 31),
    "limit": Duration.parse("PT2H"),
    "month": Duration(1),
    "areas": ["roof", "lobby"],
    "order": {"id": "R1", "lines": [{"fee": 3}, {"fee": 4}], "删除": True},
    "小区": "A",
    NOW: NOTICE + timedelta(hours=1),
    ZONE: "Asia/Shanghai",
}


def condition(text: str) -> bool:
    return parse_condition("${" + text + "}").condition(VALUES)


def value(text: str) -> object:
    return parse_value("${" + text + "}").evaluate(VALUES)


def test_the_condition_of_the_design_is_read_and_decided():
    urgent = parse_condition('${urgency == "P0" and not verified}')
    assert urgent.names == {"urgency", "verified"}
    assert urgent.condition({"urgency": "P0", "verified": False}) is True
    assert urgent.condition({"urgency": "P0", "verified": True}) is False
    assert urgent.condition({"urgency": "P1"}) is False


def test_the_due_date_of_the_design_is_a_moment():
    due = parse_value("${notice_time + PT16H}")
    assert due.names == {"notice_time"}
    assert due.evaluate({"notice_time": NOTICE}) == NOTICE + timedelta(hours=16)


@pytest.mark.parametrize(
    "text",
    [
        "urgency == 'P0' && !verified",
        'urgency eq "P0" || verified',
        "amount ge 1200 and amount le 1200 and amount gt 1 and amount lt 9999 and amount ne 5",
        "empty unset and not empty areas and empty(unset)",
        'empty ""',
        'verified ? false : urgency == "P0"',
        'urgency in ["P0", "P1"]',
        'urgency in ("P0", "P1")',
        'urgency in ("P0")',
        'urgency not in ["P2"]',
        '"roof" in areas',
        "amount in [1200..1300]",
        "not (amount in (1200..1300])",
        "amount in ]1199..1200]",
        "amount in ]1199..1201[ and true",
        'order.id == "R1"',
        'order["id"] == "R1"',
        "order.删除",
        'order.lines[0].fee == 3 and order["lines"][1]["fee"] == 4',
        "order.lines[-1].fee == 4",
        '小区 == "A"',
        "1 + 2 * 3 == 7 and (1 + 2) * 3 == 9 and -2 - -3 == 1",
        "7 / 2 == 3.5 and 6 / 3 == 2 and 7 % 4 == 3 and 7 mod 4 == 3 and 6 div 4 == 1.5",
        "amount * rate == 600",
        "notice_time < later and later - notice_time == PT20H",
        "later - notice_time > PT19H59M",
        "notice_time == 2026-11-23T09:30:00+08:00",
        "now() - notice_time >= PT1H",
        "day == 2026-01-31 and day + P1M == 2026-02-28 and day + P1D == date('2026-02-01')",
        "day - 2026-01-01 == P30D",
        "limit * 2 == PT4H and limit / 4 == PT30M and 1.5 * limit == PT3H and month * 12 == P1Y",
        "limit + PT1H == PT3H and limit - PT30M == PT90M and limit == PT120M",
        "notice_time - PT30M == 2026-11-23T01:00:00Z",
        "size(areas) == 2 and count(areas) == 2 and size('abc') == 3 and size(order) == 3",
        "contains(areas, 'roof') and contains('roofing', 'of')",
        "starts_with(urgency, 'P') and ends_with(urgency, '0') and upper('a') == 'A' and lower('A') == 'a'",
        "abs(-3) == 3 and min(3, 1, 2) == 1 and max([3, 1, 2]) == 3 and sum(1, 2.5) == 3.5",
        "max(notice_time, later) == later and min(PT1H, PT30M) == PT30M",
        "round(2.5) == 3 and round(-2.5) == -3 and round(1.005, 2) == 1.01 and floor(1.9) == 1",
        "ceiling(1.1) == 2",
        "coalesce(unset, missing, 3) == 3",
        "is_defined(urgency) and not is_defined(unset)",
        "hour(notice_time) == 9 and minute(notice_time) == 30 and weekday(notice_time) == 1",
        "year(day) == 2026 and month(day) == 1 and day(day) == 31 and date(notice_time) == 2026-11-23",
        "today() == 2026-11-23",
        "hours(limit) == 2 and minutes(PT90S) == 1.5 and days(P2W) == 14",
        "duration('pt5m') == PT5M and moment('2026-11-23T01:30:00Z') == notice_time",
        "unset == null and missing == null and null == null and urgency != null",
        "[1, [2, 'a']] == [1.0, [2, 'a']] and [1] != [1, 2]",
        '"P0" < "P1" and "P0" <= "P0" and not ("P0" < "P0")',
        "day <= day and not (day > day) and notice_time >= notice_time and not (notice_time < notice_time)",
        "limit <= limit and not (limit < limit) and P1M < P1Y and P1M < P1MT1H and P1M > PT0S",
        "month + P1M == P2M",
        "'it\\'s' == \"it's\" and '\\\\' != '\\n'",
    ],
)
def test_a_true_condition_is_true(text):
    assert condition(text) is True


@pytest.mark.parametrize(
    "text",
    [
        "1 == true",
        "0 == false",
        '1 == "1"',
        'urgency == ["P0"]',
        "null == false",
        'null == ""',
        "day == notice_time",
        "PT720H == P1M",
        'unset == "P0"',
        "1 in [true]",
        "unset in [1]",
        "order == [1]",
    ],
)
def test_values_of_different_types_are_different(text):
    assert condition(text) is False


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("unset > 5", None),
        ("unset <= unset", None),
        ("5 < unset", None),
        ("unset in [1..5]", None),
        ("1 in unset", None),
        ("not unset", None),
        ("unset and true", None),
        ("true and unset", None),
        ("unset and false", False),
        ("false and unset", False),
        ("unset or true", True),
        ("unset or false", None),
        ("unset + 1", None),
        ("-unset", None),
        ("unset.key", None),
        ("unset[0]", None),
        ("areas[unset]", None),
        ("areas[9]", None),
        ("order.nothing", None),
        ("size(unset)", None),
        ("min(1, unset)", None),
        ("sum([1, null])", None),
        ("unset == unset", True),
        ("unset != 1", True),
    ],
)
def test_null_is_carried_on_and_never_decides(text, expected):
    assert value(text) is expected


@pytest.mark.parametrize("text", ["unset > 5", "not unset", "unset", "urgency", "order", "amount", "missing"])
def test_a_condition_that_is_neither_true_nor_false_is_an_error(text):
    with pytest.raises(ExpressionError) as failed:
        condition(text)
    assert "true" in failed.value.zh


def test_the_error_of_a_condition_names_what_is_not_set():
    with pytest.raises(ExpressionError) as failed:
        condition("amount > 5 and unset > 5 or missing")
    assert "missing、unset" in failed.value.zh
    assert "not set: missing、unset" in failed.value.en


def test_a_value_that_must_not_be_null_names_what_is_not_set():
    due = parse_value("${notice_time + PT16H}")
    assert due.required(VALUES) == NOTICE + timedelta(hours=16)
    with pytest.raises(ExpressionError, match="notice_time"):
        due.required({})


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("amount > urgency", 9),
        ("day < notice_time", 6),
        ("month > P10D", 8),
        ("areas < areas", 8),
        ("true < false", 7),
        ("urgency + urgency", 10),
        ('"a" * 3', 6),
        ("3 * areas", 4),
        ('"%d" % 1', 7),
        ("amount / 0", 9),
        ("amount % 0", 9),
        ("true + 1", 7),
        ("-true", 2),
        ("-PT5M", 2),
        ("day + PT1H", 6),
        ("notice_time + 1", 14),
        ("notice_time + later", 14),
        ("month * 1.5", 8),
        ("P1000Y + P1000Y", 9),
        ("notice_time - later", 14),
        ("order.id.x", 10),
        ("urgency[0]", 9),
        ("areas.roof", 7),
        ("urgency and true", 2),
        ("true and 1", 11),
        ("not 1", 2),
        ("1 in 2", 4),
        ("1 in urgency", 4),
        ("size(amount)", 2),
        ("upper(amount)", 2),
        ("round(1, amount)", 2),
        ("hour(day)", 2),
        ("days(month)", 2),
        ("unset ? 1 : 2", 2),
        ("1000000000000000000000000000000 * 10", 34),
        ("0.5 * 1000000000000000000000000000000 * 100", 40),
    ],
)
def test_what_makes_no_sense_is_an_error_with_its_place(text, position):
    with pytest.raises(ExpressionError) as failed:
        value(text)
    assert failed.value.position == position
    assert failed.value.zh.startswith(f"第 {position + 1} 个字符处")
    assert failed.value.text() == failed.value.zh
    assert failed.value.en.startswith(f"At character {position + 1}")


def test_only_the_branch_that_is_taken_is_computed():
    assert condition("unset != null and unset > 5") is False
    assert condition("unset == null or unset > 5") is True
    assert value("verified ? 1 / 0 : 2") == 2


@pytest.mark.parametrize("text", ["month(notice_time)", "today()", "notice_time + P1M"])
def test_calendar_arithmetic_needs_a_zone(text):
    expression = parse_value("${" + text + "}")
    with pytest.raises(ExpressionError, match="时区"):
        expression.evaluate({"notice_time": NOTICE, NOW: NOTICE})
    with pytest.raises(ExpressionError, match="时区"):
        expression.evaluate({"notice_time": NOTICE, NOW: NOTICE, ZONE: "Mars/Olympus"})


def test_now_is_what_the_caller_says():
    with pytest.raises(ExpressionError, match="now"):
        parse_value("${now()}").evaluate({})
    assert parse_value("${now()}").names == frozenset()
    assert parse_value("${now()}").evaluate({NOW: NOTICE}) == NOTICE


def test_moments_of_one_zone_are_compared_as_moments_not_by_wall_clock():
    berlin = ZoneInfo("Europe/Berlin")
    first = datetime(2026, 10, 25, 2, 30, tzinfo=berlin)
    second = first.replace(fold=1)
    earlier = parse_condition("${first < second}")
    assert earlier.condition({"first": first, "second": second}) is True


@pytest.mark.parametrize(
    "bad",
    [object(), float("nan"), float("inf"), 10**31, datetime(2026, 1, 1), {1}, b"x", int, print],  # noqa: DTZ001
)
def test_a_foreign_object_never_enters_an_expression(bad):
    for text in ("x", "x == 1", "x.y", "size(x)", "[x]"):
        with pytest.raises(ExpressionError):
            parse_value("${" + text + "}").evaluate({"x": bad})
    for text in ("xs[0]", "1 in xs", "contains(xs, 1)", "sum(xs)", "xs == [1]", "max(xs)"):
        with pytest.raises(ExpressionError):
            parse_value("${" + text + "}").evaluate({"xs": [bad]})


def test_a_result_text_is_bounded():
    assert parse_value("${upper(x)}").evaluate({"x": "ß" * 500}) == "S" * 1000
    with pytest.raises(ExpressionError):
        parse_value("${upper(x)}").evaluate({"x": "ß" * 501})


def test_deep_data_cannot_exhaust_the_stack():
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ExpressionError):
        parse_condition("${x == y}").condition({"x": deep, "y": [deep]})


@pytest.mark.parametrize("text", ["${1}", '${"a"}', "${a + b}", "${-a}", "${[a]}", "${null}", "${PT5M}"])
def test_a_condition_that_can_never_be_true_is_refused_when_read(text):
    with pytest.raises(ExpressionError):
        parse_condition(text)


def test_one_expression_serves_many_threads():
    expression = parse_condition("${n in [1..50] and n % 2 == 0 and size([n, n]) == 2}")
    wrong: list[int] = []

    def check() -> None:
        wrong.extend(
            n for n in range(2000) if expression.condition({"n": n}) is not (1 <= n <= 50 and n % 2 == 0)
        )

    threads = [threading.Thread(target=check) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PT30M", Duration(exact=timedelta(minutes=30))),
        ("pt30m", Duration(exact=timedelta(minutes=30))),
        ("2026-11-23T09:30:00+08:00", NOTICE),
        ("2026-11-23", date(2026, 11, 23)),
        ("3", 3),
        ("-1.5", -1.5),
        ("007", "007"),
        ("true", True),
        ("null", None),
        ('"3"', "3"),
        ("'a b'", "a b"),
        ("P1", "P1"),
        ("demo", "demo"),
        (" 王芳 ", "王芳"),
        ("12号楼", "12号楼"),
    ],
)
def test_a_literal_stands_for_itself(text, expected):
    literal = parse_value(text)
    assert literal.is_literal
    assert literal.evaluate({}) == expected
    assert type(literal.evaluate({})) is type(expected)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "-PT5M",
        "P2W3D",
        "2026-11-23T09:30:00",
        "2026-13-01",
        "#{a}",
        "=a",
        "a ${b}",
        "${a} b",
        '"open',
        '"a" + "b"',
        "9" * 40,
        "x" * 501,
    ],
)
def test_a_literal_that_is_probably_a_mistake_is_refused(text):
    with pytest.raises(ExpressionError):
        parse_value(text)
