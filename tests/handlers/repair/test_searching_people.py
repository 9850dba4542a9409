"""A search that was kept on one page finds nothing on another, where it would have been noted."""

from handlers.estate import finding
from handlers.repair import searching
from tests.handlers.repair.repair_world import Shop


def test_a_name_typed_into_the_search_bar_finds_no_owner_unnoted(shop: Shop) -> None:
    kept = shop.engine.run(shop.clerk, lambda work: searching.begin(work, "李明"))
    noted = shop.engine.run(shop.clerk, lambda work: finding.begin(work, "李明"))
    with shop.engine.reading(shop.clerk) as work:
        assert finding.found(work, noted).people
        assert finding.found(work, kept) == finding.Found("", (), ())
