"""What people ask about their own data: seen, copied, put right, withdrawn, erased, closed, taken along."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from engine import inbox, instances
from engine.errors import Invalid, NotPermitted
from engine.ports import SYSTEM, Actor
from engine.store.tables import instance
from handlers.accounts import lending, trust
from handlers.accounts.permissions import Post
from handlers.accounts.records import account
from handlers.accounts.substitution import set_substitute
from handlers.checking import corrections
from handlers.checking.fields import Field
from handlers.errors import FieldsInvalid, RecordConflict, RecordNotFound, RuleRefused
from handlers.estate import authorisation, entry
from handlers.estate.authorisation import Purpose
from handlers.privacy import erasing, requests
from handlers.privacy.requests import Asked
from handlers.shared.records import outbox_job
from tests.handlers.inline import inline_worker
from tests.handlers.office import Office

PHONE = "13900000001"


class Home:
    """陈静, who owns the house 301 and has an account."""

    def __init__(self, office: Office) -> None:
        self.person = office.person("陈静", PHONE, id_number="11010519491231002X")
        self.relation = office.relate(self.person, office.house)
        self.owner = office.resident(self.person)

    def moves_out(self, office: Office, years: int) -> None:
        """End the relation, and let years pass."""
        with office.engine.work(SYSTEM) as work:
            entry.end_relation(work, self.relation)
        office.clock.advance(days=366 * years)


@pytest.fixture
def home(office: Office) -> Home:
    return Home(office)


def asked(office: Office, by: Actor, kind: str, **more: Any) -> str:
    return requests.ask(office.engine, by, Asked(kind, **more))


def at_desk(office: Office, home: Home, kind: str, **more: Any) -> str:
    return asked(office, office.clerk, kind, house_id=office.house, person_id=home.person, **more)


def brought(office: Office, number: str, fees: str = "none", by: Actor | None = None) -> None:
    """Bring a request to where data protection decides."""
    office.do(number, "identity", by or office.clerk, outcome="confirmed", proof="看过证件")
    office.do(number, "collect", by or office.clerk, fees=fees, found="无争议")


def decided(office: Office, number: str, outcome: str, step: str = "decide") -> None:
    by = office.dpo if step == "decide" else office.pm
    office.do(number, step, by, outcome=outcome, answer="按您的要求办理")


def state(office: Office, number: str) -> str:
    with office.engine.reading(SYSTEM) as work:
        return str(requests.by_number(work, number).state)


def answer(office: Office, by: Actor, number: str) -> str:
    with office.engine.reading(by) as work:
        return requests.answer_of(work, requests.seen(work, number))


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.both_stores
def test_a_copy_is_asked_for_decided_on_and_downloaded_once(office: Office, home: Home) -> None:
    number = asked(office, home.owner, "copy", wish="想看看你们存了什么")
    brought(office, number)
    decided(office, number, "grant")
    assert office.is_over(number)
    assert office.told("request_answered") == {f"person:{home.person}"}
    inline_worker(office.engine).drain()
    content = office.engine.run(home.owner, lambda work: requests.fetch(work, number))
    sheet = load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    said = {str(value) for row in sheet.values for value in row}
    assert {"陈静", PHONE, "11010519491231002X"} <= said
    with pytest.raises(RecordConflict):
        office.engine.run(home.owner, lambda work: requests.fetch(work, number))


def test_data_are_taken_elsewhere_as_json(office: Office, home: Home) -> None:
    number = asked(office, home.owner, "move")
    brought(office, number)
    decided(office, number, "grant")
    inline_worker(office.engine).drain()
    content = office.engine.run(home.owner, lambda work: requests.fetch(work, number))
    assert {"item": "Name", "item_zh": "姓名", "value": "陈静"} in json.loads(content)["data"]


def test_a_withdrawal_counts_in_the_same_moment(office: Office, home: Home) -> None:
    with office.engine.work(office.clerk) as work:
        for purpose in (Purpose.NOTICE, Purpose.FEE):
            authorisation.authorise(work, home.person, office.house, purpose, "1")
    number = asked(office, home.owner, "withdraw", scopes=("notice",))
    assert office.is_over(number)
    with office.engine.reading(SYSTEM) as work:
        assert not authorisation.is_authorised(work, home.person, Purpose.NOTICE)
        assert authorisation.is_authorised(work, home.person, Purpose.FEE)
    assert state(office, number) == "granted"
    assert office.told("request_withdrawn_consent") == {f"person:{home.person}"}


def test_a_wish_to_put_something_right_leads_into_a_correction(office: Office, home: Home) -> None:
    number = asked(office, home.owner, "correct", wish="电话错了")
    assert office.steps(number) == ["correct"]
    with pytest.raises(FieldsInvalid):
        office.do(number, "correct", office.clerk, correction="G20200101-0001")
    wanted = corrections.Asked(Field.PHONE, office.house, home.person, "13900000009")
    correction = office.engine.run(office.clerk, lambda work: corrections.request(work, wanted))
    office.do(number, "correct", office.clerk, correction=correction)
    assert office.is_over(number)
    assert office.steps(correction) == ["prove_phones"]


def test_who_lives_here_is_not_erased_but_restricted_with_the_reasons(office: Office, home: Home) -> None:
    with office.engine.work(office.clerk) as work:
        authorisation.authorise(work, home.person, office.house, Purpose.NOTICE, "1")
    number = asked(office, home.owner, "delete")
    brought(office, number)
    with pytest.raises(RuleRefused) as refused:
        decided(office, number, "grant")
    assert refused.value.code == "erasure_blocked"
    decided(office, number, "restrict")
    assert state(office, number) == "restricted"
    assert "物业服务合同" in answer(office, home.owner, number)
    with office.engine.reading(SYSTEM) as work:
        assert not authorisation.is_authorised(work, home.person, Purpose.NOTICE)
    assert office.told("request_restricted") == {f"person:{home.person}"}


def test_who_moved_out_long_ago_is_told_and_erased_an_hour_later(office: Office, home: Home) -> None:
    home.moves_out(office, 4)
    number = asked(office, home.owner, "delete")
    brought(office, number)
    decided(office, number, "grant")
    assert office.told("request_erasing") == {f"person:{home.person}"}
    with office.engine.reading(SYSTEM) as work:
        assert not erasing.is_erased(work, erasing.PERSON, home.person)
    office.later(hours=1, minutes=1)
    assert office.is_over(number)
    assert state(office, number) == "granted"
    with office.engine.reading(SYSTEM) as work:
        assert erasing.is_erased(work, erasing.PERSON, home.person)


def test_what_comes_up_within_the_hour_keeps_the_data_after_all(office: Office, home: Home) -> None:
    home.moves_out(office, 4)
    number = asked(office, home.owner, "delete")
    brought(office, number)
    decided(office, number, "grant")
    office.relate(home.person, office.neighbour)
    office.later(hours=1, minutes=1)
    assert office.is_over(number)
    assert state(office, number) == "restricted"
    assert "物业服务合同" in answer(office, office.dpo, number)


def test_unpaid_fees_stand_against_erasing(office: Office, home: Home) -> None:
    home.moves_out(office, 4)
    number = asked(office, home.owner, "delete")
    brought(office, number, fees="unpaid")
    with pytest.raises(RuleRefused) as refused:
        decided(office, number, "grant")
    assert refused.value.code == "erasure_blocked"
    decided(office, number, "restrict")
    assert state(office, number) == "restricted"
    assert "未缴的费用" in answer(office, office.dpo, number)


def test_a_closed_account_opens_no_more(office: Office, home: Home) -> None:
    number = asked(office, home.owner, "close")
    brought(office, number)
    decided(office, number, "grant")
    with office.engine.reading(SYSTEM) as work:
        row = work.connection.execute(select(account).where(account.c.id == home.owner.id)).one()
    assert (row.state, row.person_id) == ("disabled", None)


def test_whoever_cannot_be_told_to_be_the_person_is_refused_and_told_why(office: Office, home: Home) -> None:
    number = at_desk(office, home, "copy", on_behalf="relative")
    office.do(number, "identity", office.staff(Post.CS), outcome="not_confirmed", proof="没有关系证明")
    assert office.is_over(number)
    assert state(office, number) == "refused"
    assert "带证件" in answer(office, office.clerk, number)


def test_a_refusal_says_why_and_only_erasing_can_be_answered_by_keeping(office: Office, home: Home) -> None:
    number = at_desk(office, home, "read")
    brought(office, number, by=office.staff(Post.CS))
    with office.engine.reading(office.dpo) as work:
        form = inbox.detail(work, office.task(number, "decide").id).opened.form
    assert form is not None
    [choice] = [one for one in form.components if one.key == "outcome"]
    assert [one.value for one in choice.options] == ["grant", "refuse"]
    with pytest.raises(Invalid):
        decided(office, number, "restrict")
    office.do(number, "decide", office.dpo, outcome="refuse", answer="已在上月提供过")
    assert state(office, number) == "refused"
    assert answer(office, office.clerk, number) == "已在上月提供过"
    assert office.told("request_refused") == {f"person:{home.person}"}


@pytest.mark.parametrize("step", ["identity", "collect", "decide"])
def test_after_thirty_days_the_manager_answers_wherever_it_stands(
    office: Office, home: Home, step: str
) -> None:
    number = asked(office, home.owner, "read")
    if step != "identity":
        office.do(number, "identity", office.clerk, outcome="confirmed", proof="看过证件")
    if step == "decide":
        office.do(number, "collect", office.clerk, fees="none", found="无")
    office.later(days=29)
    assert office.steps(number) == [step]
    office.later(days=1, minutes=1)
    assert office.steps(number) == ["answer_now"]
    decided(office, number, "grant", "answer_now")
    assert state(office, number) == "granted"


def test_fifteen_working_days_count_from_the_asking_and_late_ones_reach_the_manager(
    office: Office, home: Home
) -> None:
    number = asked(office, home.owner, "read")
    with office.engine.reading(SYSTEM) as work:
        row = requests.by_number(work, number)
    assert 20 <= (row.answer_by - row.asked_at).days <= 22
    brought(office, number)
    assert office.task(number, "decide").due_at == row.answer_by
    office.later(days=22)
    assert {str(office.pm.id), str(office.dpo.id)} <= office.told("task_escalated")
    assert office.steps(number) == ["decide"]


def test_whoever_collected_does_not_decide_and_the_case_holds_no_words(office: Office, home: Home) -> None:
    number = asked(office, home.owner, "read", wish="我叫陈静")
    with office.engine.reading(SYSTEM) as work:
        row = work.connection.execute(select(instance).where(instance.c.business_key == number)).one()
        jobs = work.connection.execute(select(outbox_job.c.args)).scalars().all()
    assert "陈静" not in repr((row, jobs))
    brought(office, number)
    with pytest.raises(NotPermitted):
        office.do(number, "decide", office.clerk, outcome="grant", answer="好")


def test_who_asked_at_the_desk_confirms_no_identity(office: Office, home: Home) -> None:
    number = at_desk(office, home, "copy")
    with pytest.raises(NotPermitted):
        office.do(number, "identity", office.clerk, outcome="confirmed", proof="看了证件")
    assert office.steps(number) == ["identity"]


def test_where_the_desk_has_one_clerk_the_lead_confirms_who_asks_and_the_clerk_goes_on(
    office: Office, home: Home
) -> None:
    number = at_desk(office, home, "copy")
    office.do(number, "identity", office.csl, outcome="confirmed", proof="看过证件")
    office.do(number, "collect", office.clerk, fees="none", found="无争议")
    assert office.steps(number) == ["decide"]


def test_nobody_decides_what_they_asked_or_identified_not_even_in_anothers_place(
    office: Office, home: Home
) -> None:
    stand_in, other = office.staff(Post.CS), office.staff(Post.CS)
    now = office.clock.now()
    named = office.engine.run(
        office.dpo,
        lambda work: set_substitute(work, office.dpo.id, stand_in.id, now, now + timedelta(days=1)),
    )
    office.engine.run(office.sec, lambda work: lending.approve(work, named))
    for asker, identifier in ((stand_in, other), (office.clerk, stand_in)):
        number = asked(office, asker, "copy", house_id=office.house, person_id=home.person)
        office.do(number, "identity", identifier, outcome="confirmed", proof="看过证件")
        office.do(number, "collect", other, fees="none", found="无争议")
        with pytest.raises(NotPermitted):
            office.do(number, "decide", stand_in, outcome="grant", answer="好")
        decided(office, number, "grant")
        assert state(office, number) == "granted"


def test_only_the_person_and_the_desk_see_a_request_and_only_who_asked_withdraws_it(
    office: Office, home: Home
) -> None:
    neighbour = office.person("吴敏", "13900000002")
    office.relate(neighbour, office.house)
    other = office.resident(neighbour)
    number = asked(office, home.owner, "read")
    for stranger in (other, office.staff(None)):
        with office.engine.reading(stranger) as work, pytest.raises(RecordNotFound):
            requests.seen(work, number)
    with pytest.raises(RecordNotFound):
        requests.withdraw(office.engine, other, number, "不要了")
    with pytest.raises(RecordConflict):
        asked(office, home.owner, "read")
    requests.withdraw(office.engine, home.owner, number, "不要了")
    assert state(office, number) == "withdrawn"
    assert office.is_over(number)


def test_a_request_is_complete_and_waits_a_day_after_a_reset_but_for_a_withdrawal(
    office: Office, home: Home
) -> None:
    for kind, more, field in (
        ("everything", {}, "kind"),
        ("withdraw", {}, "scopes"),
        ("withdraw", {"scopes": ("spam",)}, "scopes"),
        ("correct", {}, "wish"),
        ("read", {"on_behalf": "nobody"}, "on_behalf"),
    ):
        with pytest.raises(FieldsInvalid) as invalid:
            asked(office, home.owner, kind, **more)  # type: ignore[arg-type]  # values of several kinds
        assert list(invalid.value.fields) == [field]
    with office.engine.work(SYSTEM) as work:
        trust.begin_cool_off(work, home.owner.id)
    with pytest.raises(trust.StillCooling):
        asked(office, home.owner, "copy")
    asked(office, home.owner, "withdraw", scopes=("notice",))


def test_the_desk_asks_for_people_of_its_own_community_only(office: Office, home: Home) -> None:
    far = office.staff(None)
    for by, error in ((far, RecordNotFound), (office.sys, NotPermitted)):
        with pytest.raises(error):
            asked(office, by, "read", house_id=office.house, person_id=home.person)
    with pytest.raises(FieldsInvalid):
        asked(office, office.clerk, "read", house_id=office.neighbour, person_id=home.person)


def test_what_a_person_asked_online_is_withdrawn_by_nobody_else(office: Office, home: Home) -> None:
    number = asked(office, home.owner, "delete")
    case = office.task(number, "identity").instance_id
    with pytest.raises(RuleRefused, match="只能由本人撤回"):
        office.engine.run(office.clerk, lambda work: instances.cancel(work, case, "不想办"))
    assert office.steps(number) == ["identity"]
    requests.withdraw(office.engine, home.owner, number, "不用了")
    assert office.is_over(number)
