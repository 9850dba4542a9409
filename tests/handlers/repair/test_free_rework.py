"""A rework is free: nothing is charged a second time, and the forms, the story and the owner are told so."""

from sqlalchemy import select

from engine import inbox
from handlers.repair import queries, story
from handlers.shared.records import outbox_job
from tests.handlers.repair.repair_world import Shop
from tests.handlers.repair.test_pricing import TAP, fields, finish, quoted

__all__ = ["quoted"]


def again(shop: Shop, number: str) -> None:
    """Let the owner refuse the repair, and the repairer come again until only finishing is left."""
    shop.clock.advance(minutes=5)
    shop.do(number, "confirm", shop.owner, outcome="unsatisfied", problem="还在漏")
    plan = {"cause": "垫圈装反", "measure": "重装", "worker_id": str(shop.plumber.id)}
    shop.do(number, "plan_rework", shop.lead, **plan)
    shop.go_to(number)


def test_a_rework_charges_nothing_and_the_sum_is_said_once(shop: Shop, quoted: str) -> None:
    finish(shop, quoted, lines=TAP)
    again(shop, quoted)
    shop.do(quoted, "diagnose", shop.plumber, outcome="repair", finding="垫圈装反")
    shop.do(quoted, "do_work", shop.plumber, outcome="done")
    with shop.engine.reading(shop.plumber) as work:
        opened = inbox.detail(work, shop.task(quoted, "finish").id).opened
    assert not {"lines", "other", "charge"} & (fields(shop, quoted, "finish") | set(opened.values))
    assert dict(opened.facts)["实际收费"][0] == "返工免费，不再收费"
    shop.do(quoted, "finish", shop.plumber, photos=[shop.photo(shop.plumber)])
    with shop.engine.reading(shop.owner) as work:
        order = queries.order(work, quoted)
        told = [one for one in story.story(work, quoted) if one.kind == "finished"]
    assert (order.charge_fen, len(order.charges)) == (12000, 2)
    assert ["charge_fen" in one.params for one in told] == [True, False]
    assert told[1].text == "{who}返工完工，不再收费"
    assert asked(shop) == [12000, 0]


def test_what_the_owner_agreed_to_for_the_rework_is_charged(shop: Shop, quoted: str) -> None:
    finish(shop, quoted, lines=TAP)
    again(shop, quoted)
    shop.do(quoted, "diagnose", shop.plumber, outcome="quote", finding="要换龙头")
    shop.do(quoted, "write_quote", shop.plumber, lines=TAP[:1])
    finish(shop, quoted, lines=TAP[:1])
    assert asked(shop) == [12000, 3000]


def asked(shop: Shop) -> list[int]:
    with shop.engine.reading(shop.owner) as work:
        rows = work.connection.execute(select(outbox_job.c.args).order_by(outbox_job.c.id)).scalars()
        return [one["charge_fen"] for one in rows if one.get("template") == "repair_finished"]
