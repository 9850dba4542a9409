"""Owners and tenants tell of a lease online: the owner's word, no word, and who may not give it."""

from datetime import date, timedelta

import pytest

from engine import inbox, tasks
from engine.errors import Conflict, Invalid, NotAllowed, NotFound
from engine.ports import SYSTEM, Actor
from handlers.accounts import trust
from handlers.estate.records import RelationKind
from handlers.moving import requesting
from handlers.moving.requesting import Letting, Wish
from tests.handlers.moving.moving_world import AGAIN, Desk
from tests.handlers.moving.test_tenant_change import enter, lease_until, register, tenancy, told

STORES = ("sqlite", "postgresql")
YES, NO = {"outcome": "agree", "how": "online"}, {"outcome": "refuse", "how": "online", "note": "不租"}


def ask(desk: Desk, who: Actor, what: str, tenant: int | None = None) -> str:
    with desk.engine.work(who) as work:
        return requesting.ask(work, desk.house, Wish(what, tenant, "想住到明年"))


def asked(desk: Desk, who: Actor, what: str, tenant: int | None = None) -> str:
    """Ask, and let the desk register what it finds filled in."""
    number = ask(desk, who, what, tenant)
    with desk.engine.reading(desk.clerk) as work:
        opened = inbox.detail(work, desk.task(number, "register").id).opened
    assert opened.form is not None
    assert "contact_phone" not in opened.form.fields
    desk.do(number, "register", desk.clerk, **{key: value for key, value in opened.values.items() if value})
    return number


def letting(desk: Desk, who: Actor) -> Letting:
    with desk.engine.reading(who) as work:
        (found,) = requesting.lettings(work)
        return found


def answer(desk: Desk, number: str, who: Actor, said: dict[str, str]) -> None:
    task_id = desk.task(number, "owner_confirm").id
    desk.engine.run(who, lambda work: tasks.complete(work, task_id, dict(said)))


@pytest.mark.parametrize("database", STORES, indirect=True)
def test_the_owner_agrees_online_to_a_tenant_who_came_to_the_desk(desk: Desk) -> None:
    number = told(desk)
    register(desk, number, "in", by="tenant")
    assert desk.told("tenant_ask_owner") == [[f"person:{desk.owner_person}"]]
    (question,) = letting(desk, desk.owner).questions
    assert question.number == number
    assert "李明" not in str(question.who)
    answer(desk, number, desk.owner, YES)
    assert (desk.steps(number), desk.record(number).facts["owner_how"]) == (["enter"], "online")
    enter(desk, number)
    desk.do(number, "second_check", desk.other_clerk, **AGAIN)
    assert desk.record(number).state == "closed"


def test_an_owner_who_refuses_online_ends_it_and_the_tenant_is_told(desk: Desk) -> None:
    number = asked(desk, desk.tenant, "renew")
    answer(desk, number, desk.owner, NO)
    assert (desk.record(number).state, desk.case(number).state) == ("stopped", "completed")
    assert desk.told("tenant_refused") == [[f"person:{desk.tenant_person}"]]
    assert desk.may_act(desk.tenant)


def test_nobody_else_of_the_house_answers_for_the_owner(desk: Desk) -> None:
    number = told(desk)
    register(desk, number, "in", by="tenant")
    for other in (desk.wife, desk.tenant):
        with pytest.raises(NotAllowed):
            answer(desk, number, other, YES)
    with pytest.raises(Invalid):  # a resident writes down no phone call, a clerk no answer from online
        answer(desk, number, desk.owner, YES | {"how": "phone"})
    with pytest.raises(Invalid):
        desk.do(number, "owner_confirm", desk.other_clerk, **YES)
    assert desk.steps(number) == ["owner_confirm"]


def test_after_twelve_hours_without_an_answer_the_desk_calls(desk: Desk) -> None:
    number = told(desk)
    register(desk, number, "in", by="agent")
    desk.later(hours=11, minutes=59)
    assert desk.steps(number) == ["owner_confirm"]
    desk.later(minutes=2)
    assert desk.steps(number) == ["call_owner"]
    assert letting(desk, desk.owner).questions == ()
    assert desk.task(number, "call_owner").due_at == desk.clock.now() + timedelta(hours=2)
    desk.do(number, "call_owner", desk.other_clerk, outcome="agree", how="phone")
    assert desk.steps(number) == ["enter"]


def test_a_tenant_asks_to_stay_and_the_owner_agrees(desk: Desk) -> None:
    lease_until(desk, date(2026, 12, 31))
    mine = letting(desk, desk.tenant)
    assert (mine.is_owner, mine.lease_ends_on, set(mine.changes)) == (
        False,
        date(2026, 12, 31),
        {"renew", "out"},
    )
    number = asked(desk, desk.tenant, "renew")
    answer(desk, number, desk.owner, YES)
    ends = (desk.clock.now() + timedelta(days=400)).date()
    desk.do(number, "enter", desk.clerk, entry="renew", lease_ends_on=ends.isoformat())
    again = AGAIN | {"again_name": "周强", "again_phone": "13877778888"}
    desk.do(number, "second_check", desk.other_clerk, **again)
    (tenant,) = desk.relations(RelationKind.TENANT)
    assert tenant.lease_ends_on == ends


def test_who_leaves_says_so_online_and_keeps_access_until_it_is_confirmed(desk: Desk) -> None:
    number = asked(desk, desk.tenant, "out")
    assert desk.steps(number) == ["confirm_out"]
    assert desk.may_act(desk.tenant)
    desk.moved_out(number)
    assert not desk.may_act(desk.tenant)


def test_an_owner_names_the_tenant_and_nothing_is_asked_for_twice(desk: Desk) -> None:
    with pytest.raises(Invalid):
        ask(desk, desk.owner, "out")
    number = ask(desk, desk.owner, "out", tenancy(desk))
    with pytest.raises(Conflict, match=number):
        ask(desk, desk.owner, "out", tenancy(desk))
    assert desk.steps(asked(desk, desk.owner, "in")) == ["enter"]
    with pytest.raises(Invalid):
        ask(desk, desk.tenant, "in")


def test_family_and_strangers_ask_for_nothing(desk: Desk) -> None:
    for other in (desk.wife, desk.stranger):
        with pytest.raises(NotFound):
            ask(desk, other, "out", tenancy(desk))
        with desk.engine.reading(other) as work:
            assert [one for one in requesting.lettings(work) if one.house.id == desk.house] == []


def test_no_tenant_is_asked_for_or_agreed_to_for_a_day_after_a_reset(desk: Desk) -> None:
    number = told(desk)
    register(desk, number, "in", by="tenant")
    with desk.engine.work(SYSTEM) as work:
        trust.begin_cool_off(work, desk.owner.id)
    task_id = desk.task(number, "owner_confirm").id
    with pytest.raises(trust.StillCooling), desk.engine.work(desk.owner) as work:
        requesting.answer(work, task_id, "yes", "")
    with pytest.raises(trust.StillCooling):
        ask(desk, desk.owner, "in")
