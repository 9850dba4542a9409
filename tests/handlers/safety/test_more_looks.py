"""When the quota is used up a lead may open more for a stated time; below it nothing changes."""

import pytest

from engine.errors import NotPermitted
from engine.ports import Actor
from engine.work import Engine
from handlers.errors import FieldsInvalid, RecordConflict, RuleRefused
from handlers.estate.authorisation import Purpose
from handlers.estate.house_record import house_record
from handlers.estate.more_looks import REVEALS, UNITS
from handlers.estate.revealing import RevealRequest, reveal
from handlers.estate.unit_contacts import open_contacts
from handlers.safety import more_looks
from handlers.shared import limits
from tests.handlers.office import Office


@pytest.fixture
def wanted(office: Office) -> RevealRequest:
    """The phone of somebody of 301."""
    person = office.person("李明", "13612340987")
    office.relate(person, office.house)
    return RevealRequest(person, office.house, Purpose.EMERGENCY, "楼上漏水严重")


def use_up(engine: Engine, actor: Actor, wanted: RevealRequest) -> None:
    for _ in range(limits.REVEALS_PER_HOUR):
        reveal(engine, actor, wanted)
    with pytest.raises(RuleRefused):
        reveal(engine, actor, wanted)


def ask(office: Office, actor: Actor, kind: str = REVEALS, reason: str = "整栋停水，逐户通知") -> str:
    return office.engine.run(actor, lambda work: more_looks.ask(work, kind, office.community, reason))


def test_a_lead_opens_more_for_two_hours_and_no_longer(
    office: Office, engine: Engine, wanted: RevealRequest
) -> None:
    use_up(engine, office.clerk, wanted)
    number = ask(office, office.clerk)
    office.do(number, "decide", office.csl, outcome="approve")
    assert office.told("agree_more_looks") == {f"account:{office.clerk.id}"}
    for _ in range(limits.MORE_LOOKS[REVEALS]):
        assert reveal(engine, office.clerk, wanted) == "13612340987"
    with pytest.raises(RuleRefused):
        reveal(engine, office.clerk, wanted)


def test_what_was_agreed_lapses(office: Office, engine: Engine, wanted: RevealRequest) -> None:
    office.do(ask(office, office.clerk), "decide", office.csl, outcome="approve")
    office.later(hours=2)
    use_up(engine, office.clerk, wanted)


def test_nobody_agrees_to_their_own(office: Office, engine: Engine, wanted: RevealRequest) -> None:
    use_up(engine, office.csl, wanted)
    number = ask(office, office.csl)
    with pytest.raises(NotPermitted):
        office.do(number, "decide", office.csl, outcome="approve")
    office.do(number, "decide", office.pm, outcome="refuse", reason="先用公告")
    with pytest.raises(RuleRefused):
        reveal(engine, office.csl, wanted)


def test_a_lead_who_does_not_answer_is_late_after_half_an_hour(office: Office) -> None:
    number = ask(office, office.clerk)
    task = office.task(number, "decide")
    assert (task.due_at - task.opened_at).total_seconds() == 30 * 60
    office.later(minutes=31)
    assert office.steps(number) == ["decide"]


def test_more_units_are_opened_as_well(office: Office, engine: Engine) -> None:
    with engine.reading(office.clerk) as work:
        unit_id = house_record(work, office.house).unit_id

    def opened() -> None:
        office.later(minutes=31)
        engine.run(office.clerk, lambda work: open_contacts(work, unit_id, Purpose.NOTICE))

    for _ in range(limits.UNIT_CONTACTS_PER_DAY):
        opened()
    with pytest.raises(RuleRefused):
        opened()
    office.do(ask(office, office.clerk, UNITS), "decide", office.csl, outcome="approve")
    opened()


def test_it_is_asked_for_with_a_reason_and_once(office: Office) -> None:
    with pytest.raises(FieldsInvalid):
        ask(office, office.clerk, reason=" ")
    ask(office, office.clerk)
    with pytest.raises(RecordConflict):
        ask(office, office.clerk)
    with pytest.raises(NotPermitted):
        ask(office, office.adm)
