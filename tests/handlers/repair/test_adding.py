"""What residents add to an open report unasked."""

import pytest

from engine import inbox, tasks
from engine.errors import NotAllowed, NotFound
from engine.ports import Actor
from handlers.errors import FieldsInvalid, RuleRefused
from handlers.estate.records import RelationKind
from handlers.repair import adding, queries, story
from handlers.shared import limits
from tests.handlers.repair.repair_world import FULL_MARKS, Shop


def add(
    shop: Shop,
    number: str,
    text: str = "水更大了",
    *photos: str,
    by: Actor | None = None,
    key: str | None = None,
) -> None:
    ids = tuple(int(photo) for photo in photos)
    shop.engine.run(by or shop.owner, lambda work: adding.add(work, number, text, ids, idempotency_key=key))


def told(shop: Shop, number: str, to: Actor) -> list[tuple[str, str]]:
    with shop.engine.reading(to) as work:
        return [(one.kind, one.quote) for one in story.story(work, number) if one.kind == "added"]


def closed(shop: Shop) -> str:
    number = shop.report()
    shop.accept(number)
    shop.repair(number)
    shop.do(number, "confirm", shop.owner, **FULL_MARKS)
    return number


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_what_is_added_is_read_by_whoever_works_on_it_and_told_once(shop: Shop) -> None:
    number = shop.report()
    shop.accept(number)
    add(shop, number, "水更大了", shop.photo(shop.owner), key="k")
    add(shop, number, "水更大了", shop.photo(shop.owner), key="k")
    assert shop.told("repair_added") == [[f"account:{shop.plumber.id}"]]
    for reader in (shop.plumber, shop.clerk, shop.owner):
        assert told(shop, number, reader) == [("added", "水更大了")]
    with shop.engine.reading(shop.plumber) as work:
        assert len(queries.order(work, number).media) == 1


def test_before_anybody_has_it_in_hand_the_desk_is_told(shop: Shop) -> None:
    number = shop.report()
    add(shop, number)
    assert {f"account:{shop.clerk.id}"} < {one for to in shop.told("repair_added") for one in to}


def test_while_the_owner_has_the_next_step_the_repairer_is_told_and_not_the_owner(shop: Shop) -> None:
    number = shop.report()
    shop.accept(number)
    shop.go_to(number)
    shop.do(number, "diagnose", shop.plumber, outcome="quote", finding="要换龙头")
    shop.do(number, "write_quote", shop.plumber, lines=[{"price_code": "W01", "quantity": 1}])
    asked = shop.task(number, "answer").id
    shop.engine.run(shop.owner, lambda work: tasks.claim(work, asked))
    add(shop, number)
    assert shop.told("repair_added") == [[f"account:{shop.plumber.id}"]]


def test_the_form_of_the_next_step_says_what_was_added(shop: Shop) -> None:
    number = shop.report()
    add(shop, number, "水更大了")
    shop.accept(number)
    add(shop, number, "总阀已关")
    with shop.engine.reading(shop.plumber) as work:
        facts = dict(inbox.detail(work, shop.task(number, "take").id).opened.facts)
    assert facts["补充说明"] == ("水更大了；总阀已关", "水更大了; 总阀已关")


def test_family_who_act_for_the_house_may_add(shop: Shop) -> None:
    child = shop.person("李小明", "13844445555")
    shop.relate(child, shop.house, RelationKind.FAMILY)
    number = shop.report()
    add(shop, number, by=shop.resident(child))
    assert told(shop, number, shop.owner) == [("added", "水更大了")]


def test_neighbours_and_staff_add_nothing(shop: Shop) -> None:
    number = shop.report()
    for other in (shop.stranger, shop.clerk):
        with pytest.raises((NotFound, NotAllowed)):
            add(shop, number, by=other)
    assert told(shop, number, shop.owner) == []


def test_nothing_is_added_after_the_end(shop: Shop) -> None:
    number = closed(shop)
    with pytest.raises(RuleRefused, match="已经结束"):
        add(shop, number)


@pytest.mark.parametrize("text", ["", "  ", "长" * (adding.LENGTH + 1), "水\u202e漏"])
def test_what_says_nothing_or_too_much_is_refused(shop: Shop, text: str) -> None:
    number = shop.report()
    with pytest.raises(FieldsInvalid):
        add(shop, number, text)


def test_a_photo_alone_is_enough(shop: Shop) -> None:
    number = shop.report()
    add(shop, number, "", shop.photo(shop.owner))
    assert told(shop, number, shop.owner) == [("added", "")]


def test_a_day_has_its_limit_and_the_next_day_is_new(shop: Shop) -> None:
    number = shop.report()
    for count in range(limits.ADDITIONS_PER_DAY):
        add(shop, number, f"第 {count} 次")
    with pytest.raises(RuleRefused, match="一天最多"):
        add(shop, number)
    shop.clock.advance(days=1)
    add(shop, number)
