"""What the three grammars accept, what they refuse, and the bounds on all of them."""

import pytest

from engine.bpmn.expressions import ExpressionError, parse_condition, parse_feel, parse_unary, parse_value


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a == b", "${"),
        ("#{a == b}", "${"),
        ("=a = b", "${"),
        ("${a == b", "${"),
        ("", "${"),
        ("${}", "incomplete"),
        ("${a ==}", "incomplete"),
        ("${(a == b}", ") is expected here, not the end"),
        ("${a == b)}", "Unexpected “)”"),
        ("${a b}", "Unexpected “b”"),
        ("${a = b}", "Write == instead of ="),
        ("${a <> b}", "Write != instead of <>"),
        ("${a ** 2 == 4}", "Write x * x"),
        ("${a is null}", "Write == instead of is"),
        ("${a == None}", "Write null instead of None"),
        ("${a == True}", "Write true instead of True"),
        ("${1 < a < 5}", "1 < x and x < 5"),
        ("${a == b == c}", "cannot be chained"),
        ("${not a == b}", "not (a == b)"),
        ("${!a == b}", "not (a == b)"),
        ("${not a in [1]}", "not (a == b)"),
        ("${a == “P0”}", 'write "'),
        ("${a（b）}", "write ("),
        ('${a == "P0}', "closing quote"),
        (r'${a == "\x"}', "backslash"),
        ("${1e5 == a}", "exponent"),
        ("${2x == a}", "names do not begin with digits"),
        ("${1000000000000000000000000000001 == a}", "out of bounds"),
        ("${nothing(1)}", "There is no function nothing"),
        ("${a.upper()}", "Methods cannot be called"),
        ("${a.b.c(1)}", "Methods cannot be called"),
        ("${a.1}", "Unexpected"),
        ("${contains(a)}", "2 to 2 arguments"),
        ("${now(1) == a}", "0 to 0 arguments"),
        ("${a == [1..5]}", "right of `in`"),
        ("${a in [5..1]}", "must not exceed"),
        ("${a in [1..null]}", "must not exceed"),
        ('${a in [1.."b"]}', "cannot be put in order"),
        ("${a == P2W3D}", "weeks"),
        ("${a == 2026-02-30}", "not a date"),
        ("${a == 2026-11-23T09:30:00}", "no zone"),
        ("${a == duration('5m')}", "PT30M"),
        ("${size(5) == 1}", "does not take a number"),
        ("${a @ b}", "has no place"),
        ("${a; b}", "has no place"),
        ("${_ == __x}", "two underscores"),
        ("${and}", "Unexpected “and”"),
        ("${a ? b}", ": is expected"),
    ],
)
def test_a_condition_that_cannot_be_read_says_what_to_write(text, hint):
    with pytest.raises(ExpressionError) as refused:
        parse_condition(text)
    assert hint in refused.value.en
    assert refused.value.position is not None
    assert 0 <= refused.value.position <= len(text)
    assert refused.value.zh != refused.value.en


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ('=outcome != "need_info"', {"outcome": "done"}, True),
        ("= a = 2 and not(b)", {"a": 2, "b": False}, True),
        ("a = 2 or b", {"a": 3, "b": False}, False),
        ("=if a > 1 then 10 else 20", {"a": 1}, 20),
        ("=x in [1..5]", {"x": 5}, True),
        ("=x in (1..5)", {"x": 5}, False),
        ('=x in ("a", "b")', {"x": "b"}, True),
        ('=x in ["a", "b"]', {"x": "c"}, False),
        ("=x between 1 and 5 and true", {"x": 3}, True),
        ('=list contains(x, "a")', {"x": ["a"]}, True),
        ('=contains(x, "a")', {"x": "cat"}, True),
        ('=starts with(x, "a") and ends with(x, "t")', {"x": "at"}, True),
        ('=upper case(x) = "A" and lower case(x) = "a"', {"x": "a"}, True),
        ("=count(x) > 0 and string length(y) = 2", {"x": [1], "y": "ab"}, True),
        ("=is defined(x)", {}, False),
        ("=x = null", {}, True),
        ("=amount > 100", {}, None),
        ("=xs[1]", {"xs": ["first"]}, "first"),
        ("=xs[0]", {"xs": ["first"]}, None),
        ("=xs[-1]", {"xs": ["first", "last"]}, "last"),
        ('=date and time("2026-11-23T00:00:00Z") > x', {}, None),
        ("=and_then = 1", {"and_then": 1}, True),
    ],
)
def test_feel_conditions_mean_what_form_js_means(text, values, expected):
    assert parse_feel(text).evaluate(values) == expected


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("=a == 1", "Write = instead of =="),
        ("=a && b", "Write and"),
        ("=a || b", "Write or"),
        ("=not a", "Write not(…)"),
        ("=!a", "Write not(…)"),
        ("=a = 'x'", "double quotes"),
        ("=some x in y satisfies x > 1", "Unexpected"),
        ("=for x in y return x", "Unexpected"),
        ("=", "incomplete"),
        ("", "incomplete"),
        ("=a ? b : c", "Unexpected “?”"),
        ("=a % 2 = 0", "Unexpected “%”"),
    ],
)
def test_feel_that_cannot_be_read_says_what_to_write(text, hint):
    with pytest.raises(ExpressionError) as refused:
        parse_feel(text)
    assert hint in refused.value.en


def test_names_are_collected_without_functions_and_keys():
    assert parse_feel("=size(a.b) > c[d] and e in [f..g]").names == {"a", "c", "d", "e", "f", "g"}
    assert parse_unary("> limit, ? < other").names == {"limit", "other"}


def test_an_expression_has_at_most_500_characters():
    assert parse_feel("=" + "a" * 499).names == {"a" * 499}
    for parse in (parse_feel, parse_unary, parse_value, parse_condition):
        with pytest.raises(ExpressionError, match="500"):
            parse("${" + "a" * 498 + "}")


def test_an_expression_has_at_most_100_parts():
    assert parse_value("${" + "+".join("1" * 50) + "}").evaluate({}) == 50
    with pytest.raises(ExpressionError, match="100"):
        parse_value("${" + "+".join("1" * 51) + "}")


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("(", ")"),
        ("[", "]"),
        ("size(", ")"),
        ("x in (", ")"),
        ("not ", ""),
        ("-", ""),
        ("true ? 1 : ", ""),
        ("a[", "]"),
    ],
)
def test_an_expression_is_nested_at_most_20_deep(opening, closing):
    parse_value("${" + opening * 18 + "x" + closing * 18 + "}")
    with pytest.raises(ExpressionError, match="20"):
        parse_value("${" + opening * 21 + "x" + closing * 21 + "}")
