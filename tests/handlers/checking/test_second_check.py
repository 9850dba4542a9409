"""One person enters, another one checks, and neither sees what the other typed."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import select

from engine.clock import SettableClock
from engine.errors import NotPermitted
from engine.ids import new_id
from engine.ports import Actor, Json
from engine.work import SYSTEM, Engine
from handlers.accounts import substitution
from handlers.accounts.permissions import Post
from handlers.checking import asking, deciding, form_parts
from handlers.checking.asking import Entered, Step, Subject
from handlers.checking.deciding import Result, Verdict
from handlers.checking.fields import Field
from handlers.checking.records import CheckOutcome, Risk, second_check
from handlers.errors import ActionNotAllowed, FieldsInvalid, RecordConflict
from handlers.shared.records import access_log
from tests.handlers.estate_world import World

ID_NUMBER = "11010519491231002X"
PHONE = "13912345678"


class Office:
    """A desk with a clerk who enters and others who check."""

    def __init__(self, engine: Engine, world: World) -> None:
        self.engine = engine
        self.world = world
        self.clerk, self.other = world.staff(Post.CS), world.staff(Post.CS)
        self.lead = world.staff(Post.CSL)
        self.record = new_id()

    def enter(self, actor: Actor | None = None, risk: Risk = Risk.MEDIUM, **values: str) -> int:
        """Enter an owner's data and ask for the check."""
        known = values or {"name": "王小明", "id_number": ID_NUMBER, "phone": PHONE}
        entered = Entered({Field(field): text for field, text in known.items()}, risk)
        subject = Subject("relation", self.record, "owner", self.world.community, self.world.house)
        with self.engine.work(actor or self.clerk) as work:
            return asking.ask(work, subject, entered, Step(1, "second_check"))

    def decide(self, actor: Actor, check_id: int, **retyped: str) -> Verdict:
        """Check, with the papers at hand unless something else is typed."""
        typed = {"id_number": ID_NUMBER, "phone": PHONE} | retyped
        with self.engine.work(actor) as work:
            return deciding.decide(work, check_id, typed)

    def row(self, check_id: int) -> Mapping[str, object]:
        """Return the row of a check."""
        with self.engine.reading(SYSTEM) as work:
            query = select(second_check).where(second_check.c.id == check_id)
            return work.connection.execute(query).mappings().one()


@pytest.fixture
def office(engine: Engine, world: World) -> Office:
    """The desk of 翠湖花园."""
    return Office(engine, world)


@pytest.mark.both_stores
def test_what_a_second_person_types_alike_is_confirmed_and_forgotten(office: Office) -> None:
    check_id = office.enter()

    verdict = office.decide(office.other, check_id, id_number="11010519491231002x", phone="+86 139-1234-5678")

    row = office.row(check_id)
    assert verdict.result is Result.CONFIRMED
    assert (row["state"], row["checked_by"], row["entered"]) == (
        CheckOutcome.CONFIRMED,
        office.other.id,
        None,
    )


def test_who_entered_it_never_checks_it(office: Office) -> None:
    check_id = office.enter(office.lead)

    with pytest.raises(ActionNotAllowed):
        office.decide(office.lead, check_id)


def test_a_substitute_does_not_check_for_who_entered_it(
    office: Office, engine: Engine, clock: SettableClock
) -> None:
    check_id = office.enter()
    stand_in = office.world.staff(Post.RP)
    with engine.work(office.clerk) as work:
        substitution.set_substitute(
            work, office.clerk.id, stand_in.id, clock.now(), clock.now() + timedelta(days=1)
        )

    with pytest.raises(ActionNotAllowed) as refused:
        office.decide(stand_in, check_id)

    assert refused.value.code == "second_check_stand_in"


def test_what_was_entered_for_somebody_absent_is_not_checked_by_them(
    office: Office, engine: Engine, clock: SettableClock
) -> None:
    stand_in = office.world.staff(Post.RP)
    with engine.work(office.clerk) as work:
        substitution.set_substitute(
            work, office.clerk.id, stand_in.id, clock.now(), clock.now() + timedelta(days=1)
        )
    check_id = office.enter(stand_in)

    with pytest.raises(ActionNotAllowed):
        office.decide(office.clerk, check_id)


def test_a_third_mismatch_leaves_it_to_the_lead(office: Office) -> None:
    check_id = office.enter()
    results = [office.decide(office.other, check_id, phone="13912345679").result for _ in range(3)]

    assert results == [Result.MISMATCH, Result.MISMATCH, Result.TO_LEAD]
    with pytest.raises(NotPermitted):
        office.decide(office.other, check_id)
    assert office.decide(office.lead, check_id).result is Result.CONFIRMED


def test_entering_it_anew_keeps_the_mismatches(office: Office) -> None:
    check_id = office.enter()
    office.decide(office.other, check_id, phone="13912345679")

    again = office.enter(phone="13912345679")

    assert (again, office.row(check_id)["mismatches"]) == (check_id, 1)
    assert office.decide(office.other, check_id, phone="13912345679").result is Result.CONFIRMED


def test_a_high_risk_is_checked_by_the_lead_only(office: Office) -> None:
    check_id = office.enter(risk=Risk.HIGH)

    with pytest.raises(NotPermitted):
        office.decide(office.other, check_id)
    assert office.decide(office.lead, check_id).result is Result.CONFIRMED


def test_a_number_that_cannot_be_right_is_no_mismatch(office: Office) -> None:
    check_id = office.enter()

    with pytest.raises(FieldsInvalid) as refused:
        office.decide(office.other, check_id, phone="139", id_number="")

    assert set(refused.value.fields) == {"phone", "id_number"}
    assert office.row(check_id)["mismatches"] == 0


def test_what_was_decided_is_decided_once(office: Office, engine: Engine) -> None:
    check_id = office.enter()
    with engine.work(office.other) as work:
        deciding.reject(work, check_id, "证件号码与原件不符")

    with pytest.raises(RecordConflict):
        office.decide(office.lead, check_id)


def test_the_log_names_who_did_it_and_no_value(office: Office, engine: Engine) -> None:
    check_id = office.enter()
    office.decide(office.other, check_id, phone="13912345679")
    office.decide(office.other, check_id)

    with engine.reading(SYSTEM) as work:
        rows = work.connection.execute(
            select(access_log).where(access_log.c.subject_kind == "second_check")
        ).all()
    assert [(row.actor_id, row.action) for row in rows] == [
        (office.clerk.id, "ask_check"),
        (office.other.id, "mismatch_check"),
        (office.other.id, "confirmed_check"),
    ]
    assert not any(value in row.detail for row in rows for value in (ID_NUMBER, PHONE, "13912345679"))


def test_a_form_shows_masked_what_is_compared_and_nothing_of_what_is_typed_again(
    office: Office, engine: Engine
) -> None:
    check_id = office.enter()

    with engine.reading(office.other) as work:
        facts = form_parts.facts(work, check_id)

    again = ("请对照原件在下面重新输入", "Type it again below, from the paper")
    assert facts == [
        [("姓名", "Name"), "王*明"],
        [("证件号码", "ID number"), again],
        [("手机号", "Mobile number"), again],
    ]


def test_the_answers_of_a_form_decide(office: Office, engine: Engine) -> None:
    first = office.enter()
    typed: dict[str, Json] = {"outcome": "confirm", "again_phone": PHONE}

    with engine.work(office.other) as work, pytest.raises(FieldsInvalid) as refused:
        form_parts.decided(work, first, typed)
    with engine.work(office.other) as work:
        result = form_parts.decided(work, first, typed | {"again_id_number": ID_NUMBER})

    assert (set(refused.value.fields), result) == ({"again_id_number"}, "confirmed")
