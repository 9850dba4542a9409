"""What an owner says in a complaint is read by nobody of whom it is said."""

from datetime import timedelta

from engine.ports import Actor
from handlers.accounts.permissions import Post
from handlers.repair import adding, media, remarks, story
from tests.handlers.repair.repair_world import Shop
from tests.handlers.repair.test_complaining import complained
from tests.handlers.repair.test_repairing_again import promised, send

__all__ = ["complained", "promised"]


def test_who_came_again_reads_nothing_of_what_the_owner_says_of_it(shop: Shop, promised: str) -> None:
    other_lead = shop.staff(Post.RPL)
    shop.off_duty(shop.second_plumber)
    send(shop, promised, shop.lead, at=shop.clock.now() + timedelta(hours=1))
    assert _reads(shop, promised, shop.lead) == {"给您道歉", "换阀芯", "说好了"}
    mended = {"outcome": "mended", "done": "换了阀芯", "photos": [shop.photo(shop.lead)]}
    shop.do(promised, "visit_again", shop.lead, arrived_at=shop.clock.now().isoformat(), **mended)
    photo = int(shop.photo(shop.owner))
    shop.engine.run(shop.owner, lambda work: adding.add(work, promised, "又漏了", [photo]))
    for reader, reads in ((shop.lead, False), (other_lead, True)):
        assert ("又漏了" in _reads(shop, promised, reader)) is reads
        with shop.engine.reading(reader) as work:
            assert (photo in [one.id for one in media.of_order(work, shop.order(promised))]) is reads
            assert ("又漏了" in [one.quote for one in story.story(work, promised)]) is reads


def _reads(shop: Shop, number: str, reader: Actor) -> set[str]:
    with shop.engine.reading(reader) as work:
        return {one.body for one in remarks.of_order(work, shop.order(number))} & {
            "又漏了", "给您道歉", "换阀芯", "说好了"
        }  # fmt: skip
