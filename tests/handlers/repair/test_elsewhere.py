"""Where a repairer is expected elsewhere is hidden from who may not see that other visit."""

from engine import inbox
from handlers.accounts.permissions import Post
from tests.handlers.repair.repair_world import Shop
from tests.handlers.repair.test_appointments import agreed
from tests.handlers.repair.test_booked_at_once import taken
from tests.handlers.repair.test_crew import stand_in


def test_who_stands_in_reads_when_and_not_where_the_absent_one_is_expected(shop: Shop) -> None:
    first, second = agreed(shop), taken(shop, "W06")
    helper = shop.staff(Post.RP)
    stand_in(shop, shop.plumber, helper)
    said = {}
    for reader in (shop.plumber, helper):
        with shop.engine.reading(reader) as work:
            said[reader] = dict(inbox.detail(work, shop.task(second, "appoint").id).opened.facts)[
                "已约的上门"
            ]
    assert said[shop.plumber] == (f"11-24 13:30–14:30 {shop.order(first).place}",) * 2
    assert said[helper] == ("11-24 13:30–14:30",) * 2
