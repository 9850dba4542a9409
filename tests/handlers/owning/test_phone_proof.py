"""A mobile number is corrected once both phones answered; without the old one the desk looks closer."""

import re

import pytest

from engine import tasks
from engine.clock import SettableClock
from engine.errors import Invalid, NotAllowed, NotFound
from engine.ports import SYSTEM, Actor
from engine.work import Engine
from handlers.accounts import trust
from handlers.accounts.sign_in import SlowDown
from handlers.checking.fields import Field
from handlers.errors import FieldsInvalid, RuleRefused
from handlers.estate.records import RelationKind
from handlers.owning import phone_proof, resetting
from handlers.shared.channels.development import kept_messages
from tests.handlers.checking.conftest import database
from tests.handlers.checking.correction_world import NEW_PHONE, Counter
from tests.handlers.inline import inline_worker
from tests.handlers.repair.repair_world import OWNER_PHONE
from tests.handlers.stock import Stock

__all__ = ["database"]

ADDRESS = "192.0.2.9"


@pytest.fixture
def counter(stock: Stock, engine: Engine, clock: SettableClock) -> Counter:
    """The desk at ten in the morning of a working Monday."""
    return stock.begin(Counter, engine, clock)


def codes(counter: Counter) -> dict[str, str]:
    """Deliver what waits, and return the newest code of each phone, by which of the two it is."""
    inline_worker(counter.engine).drain()
    found: dict[str, str] = {}
    with counter.engine.reading(SYSTEM) as work:
        for message in kept_messages(work):  # the newest first
            for which, word in (("phone_old", "旧号"), ("phone_new", "新号")):
                match = re.search(rf"{word}验证码 (\d{{6}})", str(message.text[0]))
                if match:
                    found.setdefault(which, match[1])
    return found


def send(counter: Counter, number: str, who: Actor | None = None) -> dict[str, str]:
    return phone_proof.send(counter.engine, who or counter.owner, number, ADDRESS)


def prove(counter: Counter, number: str, tokens: dict[str, str], typed: dict[str, str]) -> None:
    phone_proof.prove(counter.engine, counter.owner, number, tokens, typed)


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


@pytest.mark.both_stores
def test_both_phones_answer_and_another_clerk_checks(counter: Counter) -> None:
    number = counter.ask_only(counter.owner)
    assert counter.steps(number) == ["prove_phones"]
    tokens = send(counter, number)
    prove(counter, number, tokens, codes(counter))
    assert counter.steps(number) == ["check_by_clerk"]
    counter.check(number, counter.clerk, NEW_PHONE)
    assert counter.on_record(Field.PHONE) == NEW_PHONE


def test_the_right_code_of_one_phone_stays_while_the_other_is_wrong(counter: Counter) -> None:
    number = counter.ask_only(counter.owner)
    tokens, sent = send(counter, number), codes(counter)
    with pytest.raises(FieldsInvalid) as refused:
        prove(counter, number, tokens, sent | {"phone_old": other_than(sent["phone_old"])})
    assert set(refused.value.fields) == {"phone_old"}
    with counter.engine.reading(counter.owner) as work:
        assert [one.is_proved for one in phone_proof.waiting(work)[number]] == [False, True]
    prove(counter, number, tokens, {"phone_old": sent["phone_old"]})
    assert counter.steps(number) == ["check_by_clerk"]


def test_codes_of_the_two_phones_are_not_good_for_each_other(counter: Counter) -> None:
    number = counter.ask_only(counter.owner)
    tokens, sent = send(counter, number), codes(counter)
    swapped = {"phone_old": sent["phone_new"], "phone_new": sent["phone_old"]}
    if swapped != sent:
        with pytest.raises(FieldsInvalid):
            prove(counter, number, tokens, swapped)


def test_codes_lapse_and_new_ones_are_limited(counter: Counter, clock: SettableClock) -> None:
    number = counter.ask_only(counter.owner)
    tokens, sent = send(counter, number), codes(counter)
    with pytest.raises(SlowDown):
        send(counter, number)
    clock.advance(minutes=5)
    with pytest.raises(FieldsInvalid) as refused:
        prove(counter, number, tokens, sent)
    assert set(refused.value.fields) == {"phone_old", "phone_new"}
    tokens = send(counter, number)
    prove(counter, number, tokens, codes(counter))
    assert counter.steps(number) == ["check_by_clerk"]


def test_without_codes_for_a_day_it_is_sent_back(counter: Counter) -> None:
    number = counter.ask_only(counter.owner)
    counter.later(days=1, minutes=1)
    assert (counter.steps(number), counter.correction(number).state) == ([], "refused")
    assert counter.on_record(Field.PHONE) == OWNER_PHONE


def test_an_old_number_that_is_gone_is_proved_at_the_desk_and_goes_to_the_lead(counter: Counter) -> None:
    number = counter.ask_only(counter.owner)
    photo = counter.photo(counter.clerk)
    with pytest.raises(Invalid):  # one proof is too few
        counter.do(number, "prove_phones", counter.clerk, outcome="old_gone", proofs=["document"])
    with pytest.raises(Invalid):  # and it needs the evidence
        proofs = ["document", "house_facts"]
        counter.do(number, "prove_phones", counter.clerk, outcome="old_gone", proofs=proofs)
    counter.do(number, "prove_phones", counter.clerk, outcome="old_gone", proofs=proofs, photos=[photo])
    assert counter.steps(number) == ["check_by_lead"]
    counter.check(number, counter.desk_lead, NEW_PHONE, "check_by_lead")
    assert counter.on_record(Field.PHONE) == NEW_PHONE


def test_nobody_says_of_themselves_that_they_were_proved(counter: Counter) -> None:
    number = counter.ask_only(counter.owner)
    task_id = counter.task(number, "prove_phones").id

    def claim(outcome: str) -> None:
        counter.engine.run(counter.owner, lambda work: tasks.complete(work, task_id, {"outcome": outcome}))

    with pytest.raises(RuleRefused):
        claim("codes")
    with pytest.raises(Invalid):
        claim("at_counter")
    wife = counter.resident(counter.family("孙丽"))
    with pytest.raises(NotFound):
        send(counter, number, wife)
    with pytest.raises(NotAllowed):
        counter.engine.run(wife, lambda work: tasks.complete(work, task_id, {"outcome": "codes"}))


def test_no_message_but_the_codes_own_holds_a_number(counter: Counter) -> None:
    number = counter.ask_only(counter.owner)
    send(counter, number)
    inline_worker(counter.engine).drain()
    with counter.engine.reading(SYSTEM) as work:
        texts = [str(message.text) for message in kept_messages(work)]
    assert not any(phone in text for text in texts for phone in (OWNER_PHONE, NEW_PHONE))


def test_an_owner_corrects_the_phone_of_family_without_an_account(counter: Counter) -> None:
    child = counter.person("李雷", "13700000001")
    counter.relate(child, counter.house, RelationKind.FAMILY)
    number = counter.ask_only(counter.owner, Field.PHONE, NEW_PHONE, person=child)
    tokens = send(counter, number)
    prove(counter, number, tokens, codes(counter))
    counter.check(number, counter.clerk, NEW_PHONE)
    assert counter.on_record(Field.PHONE, child) == NEW_PHONE


def test_a_number_that_the_desk_replaced_opens_nothing_for_a_day(
    counter: Counter, clock: SettableClock
) -> None:
    counter.login(counter.owner, OWNER_PHONE)
    number = counter.ask()
    counter.check(number, counter.other_clerk, NEW_PHONE)

    def asked() -> bool:
        resetting.begin(counter.engine, NEW_PHONE, ADDRESS)
        inline_worker(counter.engine).drain()
        with counter.engine.reading(SYSTEM) as work:
            return "验证码" in str(kept_messages(work)[0].text[0])

    assert not asked()
    with pytest.raises(trust.StillCooling), counter.engine.reading(counter.owner) as work:
        trust.require_settled(work)
    clock.advance(hours=24)
    assert asked()
    with counter.engine.reading(counter.owner) as work:
        trust.require_settled(work)
