"""Moving in, from the counter to the keys, and every way off the main path."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from engine import inbox, instances
from engine.errors import Invalid, NotAllowed, Refused
from engine.ports import SYSTEM, Actor, Json
from handlers.accounts.records import account
from handlers.estate import authorisation
from handlers.estate.authorisation import Purpose
from handlers.estate.records import CheckState, RelationKind, estate_person, estate_relation, estate_vehicle
from handlers.moving import starting
from handlers.moving.starting import Notice
from tests.handlers.moving.moving_world import NEW_OWNER, Desk

STORES = ("sqlite", "postgresql")
PHONE = "13766665555"
HOME: dict[str, Json] = {
    "entry": "new",
    "others": [{"kind": "family", "name": "何小妹", "phone": "13766660001"}],
    "plates": [{"plate": "京A12345"}],
    "emergency_name": "何大哥",
    "emergency_phone": "13766660002",
}
ANEW: dict[str, Json] = {"owner": "new", "id_type": "id_card", **NEW_OWNER}


class Counter:
    """The counter on the day when somebody moves into 302, which the list names 何静's."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        with desk.engine.work(SYSTEM) as work:
            work.connection.execute(
                estate_relation.delete().where(estate_relation.c.house_id == desk.neighbour)
            )
        self.person = desk.person("何静", PHONE)
        self.relation = desk.relate(self.person, desk.neighbour)
        desk.house, desk.neighbour = desk.neighbour, desk.house

    def arrive(self) -> str:
        notice = Notice(self.desk.house, self.desk.clock.now(), "counter")
        with self.desk.engine.work(self.desk.clerk) as work:
            return starting.arrival(work, notice).number

    def to_entry(self, scopes: tuple[str, ...] = ("repair",)) -> str:
        number = self.arrive()
        self.do(number, "check_papers", outcome="complete", appears="owner", seen=["id", "contract"])
        self.do(number, "consent", notice_given=True, scopes=list(scopes))
        return number

    def to_register(self, **more: Json) -> str:
        number = self.to_entry()
        self.enter(number, **more)
        return number

    def enter(self, number: str, **more: Json) -> None:
        self.do(number, "enter_data", **({**HOME, "owner": str(self.relation)} | more))

    def do(self, number: str, step: str, by: Actor | None = None, **answers: Json) -> None:
        self.desk.do(number, step, by or self.desk.clerk, **answers)

    def set_password(self) -> None:
        """Let the owner sign in with what the phone got, and set a password."""
        with self.desk.engine.work(SYSTEM) as work:
            work.connection.execute(
                account.update().where(account.c.must_change_password).values(must_change_password=False)
            )

    def register(self, number: str) -> None:
        self.set_password()
        self.do(number, "register", outcome="verified")

    def check(self, number: str, by: Actor | None = None, **more: Json) -> None:
        again: dict[str, Json] = {"outcome": "confirm", "again_name": "何静", "again_phone": PHONE}
        again["again_id_number"] = NEW_OWNER["id_number"]  # typed, though the list has none to compare with
        self.do(number, "second_check", by or self.desk.desk_lead, **(again | more))

    def account(self, person_id: int | None = None) -> Any:
        with self.desk.engine.reading(SYSTEM) as work:
            return work.connection.execute(
                select(account).where(account.c.person_id == (person_id or self.person))
            ).one_or_none()


@pytest.fixture
def counter(desk: Desk) -> Counter:
    return Counter(desk)


def test_the_owner_is_chosen_already_only_where_the_list_names_one(desk: Desk, counter: Counter) -> None:
    number = counter.to_entry()
    with desk.engine.reading(desk.clerk) as work:
        task = desk.task(number, "enter_data").id
        assert inbox.detail(work, task).opened.values["owner"] == str(counter.relation)
    desk.relate(desk.person("何勇", "13766660008"), desk.house)
    with desk.engine.reading(desk.clerk) as work:
        assert "owner" not in inbox.detail(work, task).opened.values


@pytest.mark.parametrize("database", STORES, indirect=True)
@pytest.mark.both_stores
def test_an_owner_moves_in_from_the_counter_to_the_keys(desk: Desk, counter: Counter) -> None:
    number = counter.to_register()
    assert desk.steps(number) == ["register"]
    counter.register(number)
    counter.check(number)
    owner = Actor(counter.account().id, "resident")
    assert desk.may_act(owner)
    assert desk.steps(number) == ["inspect", "set_fees"]
    counter.do(number, "inspect", desk.plumber, outcome="fine", water=1.5, power=20)
    counter.do(number, "keys", keys=3, cards=2, signed=True)
    today = desk.clock.now().date().isoformat()
    counter.do(number, "set_fees", desk.finance, items=["service"], starts_on=today, area=89.5)
    assert (desk.record(number).state, desk.case(number).state) == ("closed", "completed")
    assert desk.told("move_in_done") == [[f"person:{counter.person}"]]


def test_no_data_are_entered_before_the_privacy_notice(desk: Desk, counter: Counter) -> None:
    number = counter.arrive()
    counter.do(number, "check_papers", outcome="complete", appears="owner", seen=["id"])
    assert desk.steps(number) == ["consent"]
    with desk.engine.reading(desk.clerk) as work:
        facts = str(inbox.detail(work, desk.task(number, "consent").id).opened)
    assert "何*" not in facts
    assert "137****" not in facts
    with pytest.raises(Invalid):
        counter.do(number, "consent", scopes=["repair"])


def test_what_the_owner_agrees_to_is_kept_and_refusing_all_changes_nothing(
    desk: Desk, counter: Counter
) -> None:
    number = counter.to_entry(scopes=())
    counter.enter(number)
    counter.register(number)
    counter.check(number)
    with desk.engine.reading(SYSTEM) as work:
        assert not any(authorisation.is_authorised(work, counter.person, one) for one in Purpose)
    assert desk.record(number).done_at is not None


def test_family_and_vehicles_count_from_the_check_on(desk: Desk, counter: Counter) -> None:
    number = counter.to_register()
    states = {one.kind: one.check_state for one in desk.relations()}
    assert states[RelationKind.FAMILY] == CheckState.PENDING
    counter.register(number)
    counter.check(number)
    found = {one.kind: (one.check_state, one.through_person_id) for one in desk.relations()}
    assert found[RelationKind.FAMILY] == (CheckState.CHECKED, counter.person)
    assert found[RelationKind.EMERGENCY_CONTACT] == (CheckState.CHECKED, counter.person)


def test_missing_papers_wait_at_the_counter(desk: Desk, counter: Counter) -> None:
    number = counter.arrive()
    with pytest.raises(Invalid):
        counter.do(number, "check_papers", outcome="complete", appears="owner", seen=["contract"])
    counter.do(number, "check_papers", outcome="missing", appears="owner", missing=["buyer_id"])
    assert desk.steps(number) == ["wait_papers"]
    counter.do(number, "wait_papers", note="身份证到了")
    assert desk.steps(number) == ["check_papers"]


def test_a_house_bound_to_somebody_else_becomes_a_transfer_of_that_moment(
    desk: Desk, counter: Counter
) -> None:
    number = counter.arrive()
    arrived_at = desk.clock.now()
    counter.do(number, "check_papers", outcome="bound", appears="owner", seen=["id", "contract"])
    assert (desk.record(number).state, desk.case(number).state) == ("stopped", "completed")
    transfer = desk.record("T20261123-0001")
    assert (transfer.house_id, transfer.noticed_at) == (desk.house, arrived_at)
    assert desk.steps("T20261123-0001") == ["register"]


def test_registering_needs_a_password_that_the_owner_has_set(desk: Desk, counter: Counter) -> None:
    number = counter.to_register()
    with pytest.raises(Refused, match="还没有"):
        counter.do(number, "register", outcome="verified")
    assert counter.account().must_change_password
    counter.register(number)
    assert desk.steps(number) == ["second_check"]


def test_without_a_message_two_people_verify_and_one_is_not_enough(desk: Desk, counter: Counter) -> None:
    number = counter.to_register()
    counter.do(number, "register", outcome="failed")
    counter.do(number, "check_id", seen=["photo", "original", "valid"], note="海外号码")
    with pytest.raises(NotAllowed):
        counter.do(number, "confirm_id", desk.clerk, outcome="confirmed")
    counter.do(number, "confirm_id", desk.other_clerk, outcome="confirmed")
    counter.check(number)
    assert desk.record(number).facts["verified_by"] == "two_people"
    assert desk.record(number).done_at is not None


def test_who_cannot_be_verified_comes_back_with_papers(desk: Desk, counter: Counter) -> None:
    number = counter.to_register()
    counter.do(number, "register", outcome="failed")
    counter.do(number, "check_id", seen=["original"], note="照片不像")
    counter.do(number, "confirm_id", desk.other_clerk, outcome="refused", note="照片与本人不符")
    assert desk.steps(number) == ["wait_papers"]
    assert not desk.record(number).done_at


def test_the_owner_waits_fifteen_minutes_for_the_check_and_then_the_lead_hears(
    desk: Desk, counter: Counter
) -> None:
    number = counter.to_register()
    counter.register(number)
    assert desk.task(number, "second_check").due_at == desk.clock.now() + timedelta(minutes=15)
    desk.later(minutes=8)
    assert desk.warned(number) == [("second_check", 1)]
    desk.later(minutes=8)
    assert desk.warned(number) == [("second_check", 1), ("second_check", 2)]
    assert desk.task(number, "second_check").overdue_at is not None


def test_who_entered_does_not_check(desk: Desk, counter: Counter) -> None:
    number = counter.to_register()
    counter.register(number)
    with pytest.raises(NotAllowed):
        counter.check(number, by=desk.clerk)
    counter.check(number, by=desk.other_clerk)
    assert desk.record(number).checked_by == desk.other_clerk.id


def test_an_owner_who_is_on_no_list_is_entered_anew(desk: Desk, counter: Counter) -> None:
    with desk.engine.work(SYSTEM) as work:
        work.connection.execute(estate_relation.delete().where(estate_relation.c.id == counter.relation))
    number = counter.to_register(**ANEW)
    counter.register(number)
    counter.check(number, again_name="赵敏", again_phone=NEW_OWNER["phone"])
    (owner,) = desk.relations(RelationKind.OWNER)
    assert desk.may_act(Actor(counter.account(owner.person_id).id, "resident"))


def test_a_wrong_person_leaves_neither_account_nor_record_behind(desk: Desk, counter: Counter) -> None:
    number = counter.to_register(**{**ANEW, "phone": "13955550000"})
    wrong = desk.relations(RelationKind.OWNER)[-1].person_id
    counter.register(number)
    people = desk.people_count()
    counter.check(number, again_name="赵敏", again_phone=NEW_OWNER["phone"])
    assert desk.steps(number) == ["enter_data"]
    counter.enter(number)
    assert counter.account(wrong) is None
    assert desk.people_count() == people - 1
    assert [one.person_id for one in desk.relations(RelationKind.OWNER)] == [counter.person]
    counter.register(number)
    counter.check(number)
    assert desk.record(number).done_at is not None


def test_defects_go_to_the_developer_before_the_keys(desk: Desk, counter: Counter) -> None:
    number = counter.to_register()
    counter.register(number)
    counter.check(number)
    found: list[Json] = [{"place": "厨房", "what": "水管渗漏"}]
    counter.do(number, "inspect", desk.plumber, outcome="defects", defects=found, water=0, power=3)
    assert desk.steps(number) == ["report_defects", "set_fees"]
    counter.do(number, "report_defects", sent_to="developer")
    assert desk.steps(number) == ["keys", "set_fees"]


def test_cancelled_before_the_binding_nothing_stays(desk: Desk, counter: Counter) -> None:
    people = desk.people_count()
    number = counter.to_register()
    with desk.engine.work(desk.clerk) as work:
        instances.cancel(work, desk.case(number).id, "业主改天再来")
    assert desk.people_count() == people
    assert [one.kind for one in desk.relations()] == [RelationKind.OWNER]
    with desk.engine.reading(SYSTEM) as work:
        query = select(estate_vehicle.c.id).where(estate_vehicle.c.house_id == desk.house)
        plates = work.connection.execute(query)
        assert plates.all() == []


def test_nothing_of_the_owner_stands_in_the_case_itself(desk: Desk, counter: Counter) -> None:
    number = counter.to_register()
    counter.register(number)
    with desk.engine.reading(SYSTEM) as work:
        shown = f"{instances.variables(work, desk.case(number))} {desk.record(number)}"
        shown += str(inbox.detail(work, desk.task(number, "second_check").id).opened)
    for personal in ("何静", PHONE, "何小妹", "京A12345", "13766660002"):
        assert personal not in shown


def test_an_owner_whom_the_list_names_unchecked_is_offered_again_after_a_check_that_differed(
    desk: Desk, counter: Counter
) -> None:
    with desk.engine.work(SYSTEM) as work:
        work.connection.execute(
            estate_relation.update()
            .where(estate_relation.c.id == counter.relation)
            .values(check_state=CheckState.PENDING, counts_since=None)
        )
    number = counter.to_register()
    counter.register(number)
    counter.check(number, again_name="何敬")
    counter.enter(number)
    counter.register(number)
    counter.check(number)
    assert desk.may_act(Actor(counter.account().id, "resident"))


@pytest.fixture
def without_phone(counter: Counter) -> Counter:
    """Let the list name the owner without a phone."""
    with counter.desk.engine.work(SYSTEM) as work:
        work.connection.execute(
            estate_person.update()
            .where(estate_person.c.id == counter.person)
            .values(phone=None, phone_index=None)
        )
    return counter


@pytest.mark.parametrize("database", STORES, indirect=True)
def test_a_number_typed_for_an_owner_on_record_opens_no_account_before_it_was_checked(
    desk: Desk, without_phone: Counter
) -> None:
    number = without_phone.to_register(phone=PHONE)
    assert without_phone.account() is None
    assert desk.record(number).facts["account_refused"] == "number_unproven"
    without_phone.do(number, "register", outcome="failed")
    without_phone.do(number, "check_id", seen=["photo", "original", "valid"], note="名册无手机号")
    without_phone.do(number, "confirm_id", desk.other_clerk, outcome="confirmed")
    assert without_phone.account() is None
    without_phone.check(number)
    without_phone.set_password()
    assert desk.may_act(Actor(without_phone.account().id, "resident"))


@pytest.mark.parametrize("database", STORES, indirect=True)
def test_cancelled_a_number_typed_for_an_owner_on_record_is_taken_back(
    desk: Desk, without_phone: Counter
) -> None:
    number = without_phone.to_register(phone=PHONE)
    with desk.engine.work(desk.clerk) as work:
        instances.cancel(work, desk.case(number).id, "号码不是业主的")
    with desk.engine.reading(SYSTEM) as work:
        row = work.connection.execute(
            select(estate_person).where(estate_person.c.id == without_phone.person)
        ).one()
    assert (row.phone, row.phone_index) == (None, None)


def test_cancelled_the_account_that_was_opened_for_it_is_taken_back(desk: Desk, counter: Counter) -> None:
    number = counter.to_register(**{**ANEW, "phone": "13955550000"})
    fresh = desk.relations(RelationKind.OWNER)[-1].person_id
    opened = counter.account(fresh)
    assert opened is not None
    with desk.engine.work(desk.clerk) as work:
        instances.cancel(work, desk.case(number).id, "走错楼了")
    with desk.engine.reading(SYSTEM) as work:
        row = work.connection.execute(select(account).where(account.c.id == opened.id)).one()
    assert (row.state, row.person_id) == ("disabled", None)
