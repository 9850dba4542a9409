"""An owner without a smartphone signs on the repairer's phone: their own word, and counted apart."""

from hashlib import sha256

import pytest

from engine import inbox
from engine.errors import Invalid, NotFound
from engine.ports import SYSTEM, Actor
from handlers.accounts import residents
from handlers.accounts.permissions import Post
from handlers.policy.clauses import Asked
from handlers.policy.figures import Figure, figure
from handlers.repair import queries, story
from handlers.repair.records import Area, repair_signature
from handlers.shared import attachments
from handlers.shared.attachments import Attachment
from tests.handlers.repair.repair_world import FULL_MARKS, Shop


@pytest.fixture
def nearly_done(shop: Shop) -> str:
    """A repair that only has to be finished."""
    return at_the_end(shop, shop.report())


def at_the_end(shop: Shop, number: str) -> str:
    shop.accept(number)
    shop.go_to(number)
    shop.do(number, "diagnose", shop.plumber, outcome="repair", finding="垫圈老化")
    shop.do(number, "do_work", shop.plumber, outcome="done")
    return number


def finish(shop: Shop, number: str, *, signed: bool = True) -> None:
    drawn = [shop.photo(shop.plumber)] if signed else []
    photo = shop.photo(shop.plumber)
    shop.do(number, "finish", shop.plumber, photos=[photo], signed=True, signature=drawn)


def signatures(shop: Shop, number: str, who: Actor) -> list[Attachment]:
    with shop.engine.reading(who) as work:
        return [one for one in queries.order(work, number).media if one.owner_kind == "repair_signature"]


def without_account(shop: Shop) -> None:
    """Let nobody of the home have an account any more."""
    with shop.engine.work(SYSTEM) as work:
        residents.withdraw(work, shop.owner.id)


def test_what_the_owner_signed_is_their_confirmation_and_the_marks_stay_theirs(
    shop: Shop, nearly_done: str
) -> None:
    finish(shop, nearly_done)
    order = shop.order(nearly_done)
    assert (order.confirmed_by, order.outcome, order.state) == ("signed", "repaired", "confirmed")
    assert shop.steps(nearly_done) == ["rate"]
    shop.do(nearly_done, "rate", shop.owner, **FULL_MARKS)
    order = shop.order(nearly_done)
    assert (order.confirmed_by, order.rating_speed, order.state) == ("signed", 5, "closed")
    assert "rated" in shop.events(nearly_done)


def test_whoever_signed_and_gives_no_marks_is_not_called_and_the_case_ends_unrated(
    shop: Shop, nearly_done: str
) -> None:
    finish(shop, nearly_done)
    shop.later(days=6, hours=23)
    assert shop.steps(nearly_done) == ["rate"]
    shop.later(hours=1)
    order = shop.order(nearly_done)
    assert (order.confirmed_by, order.state, order.rating_speed) == ("signed", "closed", None)
    assert (order.is_recorded_by_phone, order.is_auto_confirmed) == (False, False)
    assert "auto_confirmed" not in shop.events(nearly_done)
    assert shop.case(nearly_done).state == "completed"


def test_low_marks_after_a_signature_bring_the_lead_of_the_desk(shop: Shop, nearly_done: str) -> None:
    finish(shop, nearly_done)
    shop.do(nearly_done, "rate", shop.owner, **(FULL_MARKS | {"attitude": "1"}))
    assert shop.steps(nearly_done) == ["visit_by_lead"]


def test_an_owner_who_signed_too_early_gets_it_done_again(shop: Shop, nearly_done: str) -> None:
    finish(shop, nearly_done)
    shop.do(nearly_done, "rate", shop.owner, outcome="unsatisfied", problem="还在漏")
    order = shop.order(nearly_done)
    assert (order.confirmed_by, order.state, order.rework_count) == (None, "rework", 1)
    assert shop.steps(nearly_done) == ["plan_rework"]
    assert len(signatures(shop, nearly_done, shop.clerk)) == 1


def test_nobody_waits_for_the_marks_of_a_home_without_an_account(shop: Shop, nearly_done: str) -> None:
    without_account(shop)
    finish(shop, nearly_done)
    assert shop.order(nearly_done).state == "closed"
    assert [step for step, _ in shop.done(nearly_done)][-1] == "finish"
    assert len(shop.told("repair_signed")) == 1


def test_the_owner_is_told_that_they_are_said_to_have_signed(shop: Shop, nearly_done: str) -> None:
    finish(shop, nearly_done)
    assert len(shop.told("repair_signed_rate")) == 1
    assert shop.told("repair_finished", "repair_signed") == []


def test_signed_repairs_are_counted_apart(shop: Shop, nearly_done: str) -> None:
    finish(shop, nearly_done)
    other = shop.report()
    shop.accept(other)
    shop.repair(other)
    shop.do(other, "confirm", shop.owner, **FULL_MARKS)
    with shop.engine.reading(shop.manager) as work:
        assert figure(work, Asked("signed_on_site", "", "", "")) == Figure(1, 2)
        assert "Signed on the repairer's phone" in str(queries.order(work, nearly_done).line.marks)


def test_no_repairer_confirms_without_a_signature(shop: Shop, nearly_done: str) -> None:
    with pytest.raises(Invalid):
        finish(shop, nearly_done, signed=False)
    assert shop.order(nearly_done).confirmed_by is None


def test_one_owner_does_not_sign_for_what_belongs_to_all(shop: Shop) -> None:
    shop.skill(shop.plumber, "electric")
    number = at_the_end(shop, shop.report("P05", "一楼楼道灯不亮", area=Area.COMMON, place="一楼楼道"))
    with shop.engine.reading(shop.plumber) as work:
        form = inbox.detail(work, shop.task(number, "finish").id).opened.form
    assert form is not None
    assert not {"signed", "signature"} & set(form.fields)
    with pytest.raises(Invalid):
        finish(shop, number)


def test_the_words_that_were_signed_are_kept_sealed_with_the_picture(shop: Shop, nearly_done: str) -> None:
    finish(shop, nearly_done)
    with shop.engine.reading(shop.lead) as work:
        row = work.connection.execute(repair_signature.select()).one()
        said = work.engine.vault.open("repair_signature", "said", row.id, row.said)
        picture = attachments.digest_of(work, row.attachment_id)
    assert nearly_done not in row.said
    assert f"报修单 {nearly_done}" in said
    assert "费用：免费" in said
    assert row.taken_by == shop.plumber.id
    assert row.digest == sha256(f"{said}\n{row.signed_at.isoformat()}\n{picture}".encode()).hexdigest()


def test_the_signature_is_seen_by_the_household_and_those_who_answer_for_the_repair(
    shop: Shop, nearly_done: str
) -> None:
    finish(shop, nearly_done)
    shop.do(nearly_done, "rate", shop.owner, **FULL_MARKS)
    quality = shop.staff(Post.QA, everywhere=True)
    for one in (shop.owner, shop.clerk, shop.lead, shop.manager, shop.plumber):
        assert len(signatures(shop, nearly_done, one)) == 1
    picture = signatures(shop, nearly_done, shop.clerk)[0].id
    assert signatures(shop, nearly_done, quality) == []
    for other in (quality, shop.stranger, shop.electrician):
        with shop.engine.reading(other) as work, pytest.raises(NotFound):
            attachments.read(work, picture)
    shop.later(days=1, hours=1)
    with shop.engine.reading(shop.plumber) as work, pytest.raises(NotFound):
        attachments.read(work, picture)


def test_the_story_says_who_held_out_the_phone(shop: Shop, nearly_done: str) -> None:
    finish(shop, nearly_done)
    with shop.engine.reading(shop.clerk) as work:
        told = [one for one in story.story(work, nearly_done) if one.kind == "signed"]
    assert [bool(one.params["who"]) for one in told] == [True]


def test_a_repair_done_again_asks_for_a_new_signature(shop: Shop) -> None:
    number = shop.report()
    shop.accept(number)
    shop.repair(number)
    shop.do(number, "confirm", shop.owner, outcome="unsatisfied", problem="还在漏")
    answers = {"cause": "x", "measure": "y", "worker_id": str(shop.plumber.id)}
    shop.do(number, "plan_rework", shop.lead, **answers)
    shop.go_to(number)
    shop.do(number, "diagnose", shop.plumber, outcome="repair", finding="垫圈老化")
    shop.do(number, "do_work", shop.plumber, outcome="done")
    finish(shop, number)
    assert shop.order(number).confirmed_by == "signed"
    shop.do(number, "rate", shop.owner, **FULL_MARKS)
    assert shop.steps(number) == ["visit_by_clerk"]
