"""What is on record changes only after a second person has checked it, along every way of the diagram."""

import pytest
from sqlalchemy import func, select

from engine import inbox, instances, tasks
from engine.clock import SettableClock
from engine.errors import NotAllowed, NotPermitted
from engine.store.tables import escalation, history_event, metadata
from engine.work import SYSTEM, Engine
from handlers.accounts.logins import login_index
from handlers.accounts.records import account_login
from handlers.checking.fields import Field
from handlers.errors import ActionNotAllowed, FieldsInvalid, RecordConflict, RecordNotFound
from handlers.shared.sealed import vault_of
from tests.handlers.checking.correction_world import NEW_PHONE, Counter
from tests.handlers.repair.repair_world import OWNER_PHONE
from tests.handlers.stock import Stock

ID_NUMBER = "11010519491231002X"


@pytest.fixture
def counter(stock: Stock, engine: Engine, clock: SettableClock) -> Counter:
    """The desk at ten in the morning of a working Monday."""
    return stock.begin(Counter, engine, clock)


@pytest.mark.both_stores
def test_a_phone_is_corrected_after_another_clerk_typed_it_again(counter: Counter) -> None:
    number = counter.ask()
    assert counter.on_record(Field.PHONE) == OWNER_PHONE

    counter.check(number, counter.other_clerk, NEW_PHONE)

    row = counter.correction(number)
    assert (counter.on_record(Field.PHONE), row.state) == (NEW_PHONE, "corrected")
    assert counter.engine.vault.open("data_correction", "before", row.id, row.before) == OWNER_PHONE
    assert counter.told("correction_done") == [
        [f"person:{counter.owner_person}"],
        [f"correction_before:{row.id}"],
    ]


def test_the_new_phone_opens_the_account_and_the_old_one_does_not(counter: Counter) -> None:
    counter.login(counter.owner, OWNER_PHONE)
    number = counter.ask()
    counter.check(number, counter.other_clerk, NEW_PHONE)

    vault = vault_of(counter.engine)
    with counter.engine.reading(SYSTEM) as work:
        rows = work.connection.execute(select(account_login.c.login_index, account_login.c.account_id))
        logins = {row.login_index: row.account_id for row in rows}
    assert logins.get(login_index(vault, NEW_PHONE)) == counter.owner.id
    assert login_index(vault, OWNER_PHONE) not in logins


def test_a_phone_that_opens_another_account_is_not_taken(counter: Counter) -> None:
    counter.login(counter.owner, OWNER_PHONE)
    counter.login(counter.stranger, NEW_PHONE)
    number = counter.ask()

    counter.check(number, counter.other_clerk, NEW_PHONE)

    assert counter.correction(number).state == "refused"
    assert counter.on_record(Field.PHONE) == OWNER_PHONE


def test_who_entered_a_correction_does_not_check_it(counter: Counter) -> None:
    number = counter.ask()
    task_id = counter.task(number, "check_by_clerk").id

    with pytest.raises(NotPermitted):
        counter.engine.run(counter.clerk, lambda work: tasks.claim(work, task_id))
    with pytest.raises(NotPermitted):
        counter.engine.run(counter.clerk, lambda work: tasks.complete(work, task_id, {"outcome": "confirm"}))
    for reader, is_offered in ((counter.clerk, False), (counter.other_clerk, True)):
        with counter.engine.reading(reader) as work:
            assert inbox.detail(work, task_id).may_claim is is_offered


def test_where_the_desk_has_one_clerk_the_lead_checks(counter: Counter) -> None:
    number = counter.ask()
    counter.check(number, counter.desk_lead, NEW_PHONE)
    assert counter.on_record(Field.PHONE) == NEW_PHONE


def test_three_mismatches_bring_it_to_the_lead(counter: Counter) -> None:
    number = counter.ask()
    for _ in range(3):
        assert counter.steps(number) == ["check_by_clerk"]
        counter.check(number, counter.other_clerk, "13998765433")

    assert counter.steps(number) == ["check_by_lead"]
    counter.check(number, counter.desk_lead, "13998765433", "check_by_lead")
    assert counter.on_record(Field.PHONE) == OWNER_PHONE
    counter.check(number, counter.desk_lead, NEW_PHONE, "check_by_lead")
    assert counter.on_record(Field.PHONE) == NEW_PHONE


def test_a_rejected_correction_changes_nothing_and_says_why(counter: Counter) -> None:
    number = counter.ask(counter.owner)
    counter.do(number, "check_by_clerk", counter.clerk, outcome="reject", reason="号码无人接听")

    row = counter.correction(number)
    assert (row.state, counter.on_record(Field.PHONE)) == ("refused", OWNER_PHONE)
    assert counter.told("correction_refused") == [[f"account:{counter.owner.id}"]]
    assert counter.engine.vault.open("data_correction", "answer", row.id, row.answer) == "号码无人接听"


def test_a_name_needs_evidence_and_the_lead(counter: Counter) -> None:
    with pytest.raises(FieldsInvalid) as refused:
        counter.ask(field=Field.NAME, value="李鸣")
    assert set(refused.value.fields) == {"photos"}

    number = counter.ask(field=Field.NAME, value="李鸣", photos=counter.evidence(counter.clerk))
    assert counter.steps(number) == ["check_by_lead"]
    with pytest.raises(NotPermitted):
        counter.check(number, counter.other_clerk, "李鸣", "check_by_lead")
    with pytest.raises(FieldsInvalid):
        counter.check(number, counter.desk_lead, None, "check_by_lead")
    counter.check(number, counter.desk_lead, "李鸣", "check_by_lead")
    assert counter.on_record(Field.NAME) == "李鸣"


def test_what_the_only_lead_asks_for_is_checked_by_the_manager_at_once(counter: Counter) -> None:
    lead = counter.desk_lead
    number = counter.ask(lead, field=Field.NAME, value="李鸣", photos=counter.evidence(lead))
    with pytest.raises((NotAllowed, ActionNotAllowed)):
        counter.check(number, lead, "李鸣", "check_by_lead")
    counter.check(number, counter.manager, "李鸣", "check_by_lead")
    assert counter.on_record(Field.NAME) == "李鸣"


def test_the_lead_sends_back_or_refuses(counter: Counter) -> None:
    photos = counter.evidence(counter.clerk)
    number = counter.ask(field=Field.ID_NUMBER, value=ID_NUMBER, photos=photos)
    counter.do(number, "check_by_lead", counter.desk_lead, outcome="more", reason="照片看不清")
    assert counter.steps(number) == ["more_evidence"]
    counter.do(number, "more_evidence", counter.other_clerk, photos=[counter.photo(counter.other_clerk)])
    assert counter.steps(number) == ["check_by_lead"]
    counter.do(number, "check_by_lead", counter.desk_lead, outcome="reject", reason="与证件不符")

    assert (counter.correction(number).state, counter.on_record(Field.ID_NUMBER)) == ("refused", "")


def test_missing_evidence_is_added_by_the_owner_who_asked(counter: Counter) -> None:
    number = counter.ask(counter.owner)
    counter.do(number, "check_by_clerk", counter.clerk, outcome="more", reason="请拍新卡的入网单")
    assert counter.told("correction_more") == [[f"account:{counter.owner.id}"]]

    counter.do(number, "more_evidence", counter.owner, photos=[counter.photo(counter.owner)])

    assert counter.steps(number) == ["check_by_clerk"]
    counter.check(number, counter.clerk, NEW_PHONE)
    assert counter.correction(number).state == "corrected"


def test_evidence_that_never_comes_ends_it(counter: Counter) -> None:
    number = counter.ask(counter.owner)
    counter.do(number, "check_by_clerk", counter.clerk, outcome="more", reason="请拍新卡的入网单")

    counter.later(days=7, minutes=1)

    assert (counter.steps(number), counter.correction(number).state) == ([], "refused")


def test_it_is_withdrawn_by_who_asked_and_no_other_resident(counter: Counter) -> None:
    number = counter.ask(counter.owner)
    other = counter.resident(counter.family("李雷"))
    with pytest.raises(ActionNotAllowed):
        counter.withdraw(number, other)

    counter.withdraw(number, counter.owner)

    assert (counter.steps(number), counter.correction(number).state) == ([], "withdrawn")
    assert counter.ask(counter.owner) != number


def test_a_late_check_reaches_the_lead_and_after_a_day_the_manager(counter: Counter) -> None:
    number = counter.ask()
    counter.later(hours=4, minutes=1)
    with counter.engine.reading(SYSTEM) as work:
        levels = list(work.connection.execute(select(escalation.c.level)).scalars())
    assert max(levels) == 2
    counter.check(number, counter.desk_lead, NEW_PHONE)
    assert counter.correction(number).state == "corrected"

    counter.ask(value="13998765400")
    counter.later(hours=24, minutes=1)
    with counter.engine.reading(SYSTEM) as work:
        levels = list(work.connection.execute(select(escalation.c.level)).scalars())
    assert max(levels) == 3


@pytest.mark.parametrize(
    ("field", "value", "again"),
    [
        (Field.REMARK, "下午两点后在家", None),
        (Field.MAIL, "li.ming@example.com", "li.ming@example.com"),
        (Field.OTHER_PHONE, "010-62345678", "01062345678"),
    ],
)
def test_each_field_of_a_person_is_corrected(
    counter: Counter, field: Field, value: str, again: str | None
) -> None:
    number = counter.ask(counter.owner, field, value)
    counter.check(number, counter.clerk, again)

    assert counter.on_record(field) == (again or value)


def test_a_house_its_dates_its_vehicles_and_its_family_are_corrected(counter: Counter) -> None:
    lead, photos = counter.desk_lead, counter.evidence
    area = counter.ask(field=Field.AREA, value="89.50", photos=photos(counter.clerk))
    counter.check(area, lead, "89.5", "check_by_lead")
    owned = counter.ask(field=Field.OWNED_FROM, value="2020-05-01", photos=photos(counter.clerk))
    counter.check(owned, lead, "2020年5月1日", "check_by_lead")
    vehicle = counter.vehicle("京A12345")
    plate = counter.ask(field=Field.PLATE, value="京A·12346", vehicle_id=vehicle)
    counter.check(plate, counter.other_clerk, "京A 12346")
    child = counter.family("李雷")
    family = counter.ask(counter.owner, Field.FAMILY, "李磊", person=child)
    counter.check(family, counter.clerk, "李磊")

    assert counter.on_record(Field.AREA, counter.house) == "89.5"
    assert counter.on_record(Field.OWNED_FROM, counter.correction(owned).subject_id) == "2020-05-01"
    assert counter.on_record(Field.PLATE, vehicle) == "京A12346"
    assert counter.on_record(Field.FAMILY, child) == "李磊"


@pytest.mark.both_stores
def test_one_correction_of_a_field_at_a_time(counter: Counter) -> None:
    counter.ask()

    with pytest.raises(RecordConflict, match="在办"):
        counter.ask(value="13998765400")


def test_nobody_asks_for_what_is_none_of_theirs(counter: Counter) -> None:
    with pytest.raises(RecordNotFound):
        counter.ask(counter.stranger)
    with pytest.raises(NotPermitted):
        counter.ask(counter.plumber)
    family = counter.resident(counter.family("李雷"))
    with pytest.raises((NotPermitted, RecordNotFound)):
        counter.ask(family)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (Field.PHONE, "1399"),
        (Field.PHONE, OWNER_PHONE),
        (Field.MAIL, "x"),
        (Field.PLATE, ""),
        (Field.AREA, "大"),
    ],
)
def test_a_value_that_cannot_be_right_is_told_at_once(counter: Counter, field: Field, value: str) -> None:
    vehicle = counter.vehicle("京A12345")
    with pytest.raises(FieldsInvalid) as refused:
        counter.ask(field=field, value=value, vehicle_id=vehicle, photos=counter.evidence(counter.clerk))

    assert set(refused.value.fields) == {"value"}


@pytest.mark.both_stores
def test_no_value_stands_in_clear_anywhere(counter: Counter) -> None:
    number = counter.ask()
    counter.check(number, counter.other_clerk, "13998765433")
    counter.check(number, counter.other_clerk, NEW_PHONE)
    named = counter.ask(field=Field.NAME, value="欧阳锋行", photos=counter.evidence(counter.clerk))
    counter.check(named, counter.desk_lead, "欧阳锋行", "check_by_lead")

    values = (NEW_PHONE, "13998765433", "欧阳锋行", OWNER_PHONE, "办卡时登记错了")
    with counter.engine.reading(SYSTEM) as work:
        assert work.connection.execute(select(func.count()).select_from(history_event)).scalar_one()
        for table in metadata.sorted_tables:
            stored = repr(work.connection.execute(select(table)).all())
            assert [one for one in values if one in stored] == [], table.name


def test_the_case_keeps_codes_only(counter: Counter) -> None:
    number = counter.ask()
    counter.check(number, counter.other_clerk, "13998765433")

    with counter.engine.reading(SYSTEM) as work:
        kept = instances.variables(work, counter.case(number))
    assert set(kept) == {
        "field",
        "risk",
        "check_limit",
        "evidence",
        "typed_again",
        "prove",
        "proved_by",
        "check_result",
    }
    assert (kept["field"], kept["risk"], kept["check_result"]) == ("phone", "medium", "mismatch")


def test_the_step_shows_masked_what_is_on_record_and_what_was_said(counter: Counter) -> None:
    number = counter.ask(counter.owner)
    counter.check(number, counter.clerk, "13998765433")
    assert counter.outcomes(number, "check_by_clerk") == ["differed"]
    task_id = counter.task(number, "check_by_clerk").id

    with counter.engine.reading(counter.other_clerk) as work:
        facts = dict(map(tuple, inbox.detail(work, task_id).opened.facts))

    assert facts["现有登记"] == "138****2222"
    assert facts["录入人"] == ("业主本人", "The owner")
    assert facts["上次核对"][1] == "typed again and differed, 1 so far"
    assert NEW_PHONE not in str(facts)
