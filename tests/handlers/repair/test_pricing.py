"""Charges come from the public price list; the server adds them up, in whole fen."""

from datetime import timedelta

import pytest

from engine import inbox
from engine.errors import Invalid
from engine.ports import SYSTEM, Json
from handlers.repair import orders, queries, quoting
from handlers.repair.pricing import form_values
from handlers.repair.queries import Line
from handlers.repair.records import repair_price
from tests.handlers.repair.repair_world import Shop

TAP: list[Json] = [{"price_code": "W01", "quantity": 1}, {"price_code": "M01", "quantity": 2}]
SEAL: dict[str, Json] = {"other": 12.5, "other_name": "进口密封圈"}


@pytest.fixture
def quoted(shop: Shop) -> str:
    """A quote of two lines of the list and one beside it: 30 + 2 × 45 + 12.50 yuan."""
    number = shop.report()
    shop.accept(number)
    shop.go_to(number)
    shop.do(number, "diagnose", shop.plumber, outcome="quote", finding="要换龙头")
    shop.do(number, "write_quote", shop.plumber, lines=TAP, **SEAL)
    return number


def finish(shop: Shop, number: str, **charged: Json) -> None:
    shop.do(number, "answer", shop.owner, outcome="agree")
    shop.do(number, "do_work", shop.plumber, outcome="done")
    shop.do(number, "finish", shop.plumber, photos=[shop.photo(shop.plumber)], **charged)


def seen(shop: Shop, number: str) -> queries.OrderView:
    with shop.engine.reading(shop.owner) as work:
        return queries.order(work, number)


def test_the_server_adds_up_and_marks_what_is_not_on_the_list(shop: Shop, quoted: str) -> None:
    order = seen(shop, quoted)
    assert order.quote_total_fen == 13250
    assert order.quote == (
        Line(
            ("更换水龙头（不含材料）", "Replace a tap (without material)"), ("个", "piece"), "1", 3000, 3000
        ),
        Line(("水龙头（普通）", "Tap (plain)"), ("个", "piece"), "2", 4500, 9000),
        Line(("进口密封圈（价目表以外）", "进口密封圈 (not on the price list)"), ("", ""), "1", 1250, 1250),
    )


def test_what_was_charged_is_kept_line_by_line_and_may_be_less_than_agreed(shop: Shop, quoted: str) -> None:
    finish(shop, quoted, lines=TAP[:1], **SEAL)
    order = seen(shop, quoted)
    assert order.charge_fen == 4250
    assert [(line.quantity, line.amount_fen) for line in order.charges] == [("1", 3000), ("1", 1250)]


def test_the_price_that_was_agreed_holds_when_the_list_changes(shop: Shop, quoted: str) -> None:
    with shop.engine.work(SYSTEM) as work:
        day = (work.now - timedelta(days=2)).date()
        row = work.connection.execute(
            repair_price.update()
            .where(repair_price.c.code == "M01")
            .values(price_fen=9900, valid_from=day)
            .returning(repair_price.c.price_fen)
        )
        assert row.scalar_one() == 9900
    finish(shop, quoted, lines=TAP)
    assert seen(shop, quoted).charge_fen == 12000


def test_the_line_beside_the_list_says_what_it_is(shop: Shop, quoted: str) -> None:
    with pytest.raises(Invalid):
        finish(shop, quoted, lines=TAP, other=5)


def test_a_form_starts_with_what_was_agreed(shop: Shop, quoted: str) -> None:
    with shop.engine.reading(shop.plumber) as work:
        lines = quoting.lines_of(work, quoting.last_quote(work, orders.by_number(work.connection, quoted)))
    assert form_values(lines) == {
        "lines": [{"price_code": "W01", "quantity": 1.0}, {"price_code": "M01", "quantity": 2.0}],
        "other": 12.5,
        "other_name": "进口密封圈",
    }


def test_a_free_repair_has_no_lines(shop: Shop) -> None:
    number = shop.report()
    shop.accept(number)
    shop.repair(number)
    assert (seen(shop, number).charge_fen, seen(shop, number).charges) == (0, ())


def test_where_nothing_was_agreed_the_last_step_asks_for_no_charge(shop: Shop, quoted: str) -> None:
    free = shop.report()
    shop.accept(free)
    shop.go_to(free)
    shop.do(free, "diagnose", shop.plumber, outcome="repair", finding="垫圈老化")
    shop.do(free, "do_work", shop.plumber, outcome="done")
    shop.do(quoted, "answer", shop.owner, outcome="agree")
    shop.do(quoted, "do_work", shop.plumber, outcome="done")

    charged = {"lines", "other", "other_name"}
    assert not charged & fields(shop, free, "finish")
    assert charged <= fields(shop, quoted, "finish")


def fields(shop: Shop, number: str, step: str) -> set[str]:
    with shop.engine.reading(shop.plumber) as work:
        form = inbox.detail(work, shop.task(number, step).id).opened.form
    return {component.key for component in form.components}
