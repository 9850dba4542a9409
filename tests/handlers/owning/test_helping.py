"""An owner whose phone is lost gets a new password with two proofs and two clerks, and nobody sees it."""

import pytest
from sqlalchemy import select

from engine.clock import SettableClock
from engine.errors import Invalid, NotPermitted
from engine.ports import SYSTEM, Actor
from engine.work import Engine
from handlers.accounts import installation, sign_in, substitution, trust
from handlers.accounts.logins import add_login
from handlers.accounts.permissions import Post
from handlers.errors import FieldsInvalid, RecordConflict
from handlers.estate.records import RelationKind, estate_relation
from handlers.owning import help_steps, helping, resetting
from handlers.owning.codes import CodeRefused
from handlers.owning.helping import Asked
from handlers.owning.records import owner_help
from handlers.shared import alarms
from handlers.shared.records import outbox_message
from tests.handlers.estate_world import PASSWORD
from tests.handlers.inline import inline_worker
from tests.handlers.office import Office
from tests.handlers.repair.conftest import database
from tests.handlers.stock import Stock

__all__ = ["database"]

OLD, NEW = "13900000001", "13955556666"
NEW_PASSWORD = "Harbour-9-cloud"


class Desk(Office):
    """陈静, who lost the phone 13900000001, her co-owner, and two clerks."""

    def __init__(self, engine: Engine, clock: SettableClock) -> None:
        super().__init__(engine, clock)
        self.owner_id = self.person("陈静", OLD)
        self.relate(self.owner_id, self.house)
        self.co_owner = self.person("周平", "13900000003")
        self.relate(self.co_owner, self.house, RelationKind.CO_OWNER)
        self.owner = self.resident(self.owner_id)
        with engine.work(SYSTEM) as work:
            add_login(work, self.owner.id, OLD, "mobile")
            installation.make_usable(work, self.owner.id, sign_in.hasher(engine).hash(PASSWORD))
        self.second = self.staff(Post.CS)

    def ask(self, phone: str = NEW) -> str:
        """Let the owner come to the counter."""
        wanted = Asked(self.house, self.owner_id, phone)
        return self.engine.run(self.clerk, lambda work: helping.ask(work, wanted))

    def resident_of_another_home(self) -> int:
        """Let somebody else have an account, too."""
        person = self.person("吴敏", "13900000009")
        self.relate(person, self.another_house("701"))
        self.resident(person)
        return person

    def ask_for(self, person: int) -> str:
        """Let that one come to the counter."""
        with self.engine.reading(SYSTEM) as work:
            mine = estate_relation.c.person_id == person
            house = work.connection.execute(select(estate_relation.c.house_id).where(mine)).scalar_one()
        wanted = Asked(house, person, "13955557777")
        return self.engine.run(self.clerk, lambda work: helping.ask(work, wanted))

    def verify(self, number: str, outcome: str = "proven") -> None:
        """Let the first clerk look at the proofs."""
        proofs = ["id_document", "call_back"] if outcome == "proven" else None
        self.do(number, "prove", self.clerk, outcome=outcome, proofs=proofs)

    def issued(self) -> str:
        """Bring a case to where the code has gone out."""
        number = self.ask()
        self.verify(number)
        self.do(number, "second", self.second, outcome="agree")
        inline_worker(self.engine).drain()
        return number

    def code(self, number: str) -> str:
        """Read the code as the new phone shows it."""
        with self.engine.reading(SYSTEM) as work:
            row = helping.by_number(work, number)
            return helping.digits(helping.vault_of(work.engine), row)

    def enter(self, code: str) -> str:
        """Give a code on the owner's own device."""
        return helping.enter(self.engine, OLD, code, "192.0.2.7")

    def state(self, number: str) -> str:
        """Return how far a case is."""
        with self.engine.reading(SYSTEM) as work:
            return str(helping.by_number(work, number).state)


@pytest.fixture
def desk(stock: Stock, engine: Engine, clock: SettableClock) -> Desk:
    """The desk on a working Monday."""
    return stock.begin(Desk, engine, clock)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.both_stores
def test_two_proofs_and_two_clerks_lead_to_a_password_that_only_the_owner_knows(desk: Desk) -> None:
    number = desk.issued()
    assert desk.told("help_old_phone") == {f"person:{desk.owner_id}"}
    assert desk.told("help_co_owner") == {f"person:{desk.co_owner}"}
    with desk.engine.reading(SYSTEM) as work:
        assert len(work.connection.execute(select(outbox_message)).all()) >= 3
    token = desk.enter(desk.code(number))
    resetting.finish(desk.engine, token, NEW_PASSWORD, "192.0.2.7")
    sign_in.sign_in(desk.engine, OLD, NEW_PASSWORD, "192.0.2.7")
    with desk.engine.reading(desk.owner) as work, pytest.raises(trust.StillCooling):
        trust.require_settled(work)
    desk.later(minutes=16)
    assert desk.is_over(number)
    assert desk.state(number) == "used"
    with desk.engine.reading(SYSTEM) as work:
        assert helping.by_number(work, number).new_phone is None


def test_one_proof_is_not_enough_and_the_same_clerk_does_not_confirm(desk: Desk) -> None:
    number = desk.ask()
    with pytest.raises(FieldsInvalid):
        desk.do(number, "prove", desk.clerk, outcome="proven", proofs=["id_document"])
    with pytest.raises(Invalid):
        desk.do(number, "prove", desk.clerk, outcome="proven", proofs=["a feeling"])
    desk.verify(number)
    with pytest.raises(NotPermitted):
        desk.do(number, "second", desk.clerk, outcome="agree")


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_naming_a_substitute_makes_nobody_a_second_pair_of_eyes(desk: Desk) -> None:
    helper, until = desk.staff(Post.RP), desk.clock.now().replace(hour=15)
    with desk.engine.work(desk.csl) as work:
        substitution.set_substitute(work, desk.clerk.id, helper.id, work.now, until)
    first, other = desk.ask(), desk.resident_of_another_home()
    desk.verify(first)
    with pytest.raises(NotPermitted) as refused:  # in the place of who saw the proofs
        desk.do(first, "second", helper, outcome="agree")
    assert refused.value.code == "four_eyes"
    second = desk.ask_for(other)
    desk.do(second, "prove", helper, outcome="proven", proofs=["id_document", "call_back"])
    with pytest.raises(NotPermitted):  # for whom the proofs were seen
        desk.do(second, "second", desk.clerk, outcome="agree")
    for number in (first, second):
        desk.do(number, "second", desk.second, outcome="agree")
        assert desk.state(number) == "issued"


def test_a_substitute_with_the_post_checks_what_the_absent_person_did(desk: Desk) -> None:
    with desk.engine.work(desk.csl) as work:
        until = work.now.replace(hour=15)
        substitution.set_substitute(work, desk.clerk.id, desk.second.id, work.now, until)
    number = desk.ask()
    desk.verify(number)
    desk.do(number, "second", desk.second, outcome="agree")
    assert desk.state(number) == "issued"


def test_where_the_desk_has_one_clerk_the_lead_confirms_the_proofs(desk: Desk) -> None:
    number = desk.ask()
    desk.verify(number)
    desk.do(number, "second", desk.csl, outcome="agree")
    assert desk.state(number) == "issued"


def test_a_code_is_good_for_fifteen_minutes_five_tries_and_one_use(desk: Desk) -> None:
    number = desk.issued()
    right = desk.code(number)
    wrong = "000000" if right != "000000" else "000001"
    for _ in range(4):
        with pytest.raises(CodeRefused):
            desk.enter(wrong)
    desk.enter(right)
    with pytest.raises(CodeRefused):
        desk.enter(right)

    desk.later(minutes=16)
    other = desk.issued()
    late = desk.code(other)
    desk.later(minutes=16)
    with pytest.raises(CodeRefused):
        desk.enter(late)
    assert desk.is_over(other)
    assert desk.state(other) == "failed"


def fails(desk: Desk) -> str:
    number = desk.ask()
    desk.verify(number, "not_proven")
    return number


def test_the_third_failure_goes_to_security_who_may_let_it_be_tried_again(desk: Desk) -> None:
    for _ in range(2):
        assert desk.is_over(fails(desk))
    number = fails(desk)
    assert desk.steps(number) == ["review"]
    desk.do(number, "review", desk.sec, outcome="allow", reason="与本人核实")
    assert desk.steps(number) == ["prove"]
    desk.verify(number)
    desk.do(number, "second", desk.second, outcome="refuse")
    desk.do(number, "review", desk.sec, outcome="refuse", reason="凭证不可信")
    assert desk.is_over(number)
    assert desk.state(number) == "failed"


@pytest.mark.parametrize("step", ["prove", "second"])
def test_what_looks_like_a_stolen_sim_locks_the_account_and_the_old_number_is_called(
    desk: Desk, step: str
) -> None:
    token = sign_in.sign_in(desk.engine, OLD, PASSWORD, "192.0.2.7")
    number = desk.ask()
    if step == "prove":
        desk.verify(number, "fraud")
    else:
        desk.verify(number)
        desk.do(number, "second", desk.second, outcome="fraud")
    with pytest.raises(sign_in.SignInRefused):
        sign_in.sign_in(desk.engine, OLD, PASSWORD, "192.0.2.7")
    assert installation.sessions.resume(desk.engine, token) is None
    with desk.engine.reading(desk.sec) as work:
        assert [one.kind for one in alarms.open_alarms(work)] == [help_steps.ALARM]
    assert desk.steps(number) == ["call"]
    desk.do(number, "call", desk.sec, outcome="fraud", reason="本人没有求助")
    assert desk.is_over(number)
    assert desk.state(number) == "locked"


def test_an_account_that_was_locked_for_nothing_opens_after_the_call(desk: Desk) -> None:
    number = desk.ask()
    desk.verify(number, "fraud")
    desk.do(number, "call", desk.sec, outcome="genuine", reason="原号码本人接听")
    sign_in.sign_in(desk.engine, OLD, PASSWORD, "192.0.2.7")
    assert desk.steps(number) == ["prove"]


@pytest.mark.parametrize(("step", "minutes"), [("prove", 120), ("second", 120), ("call", 30)])
def test_each_step_has_its_limit_and_the_lead_learns_of_a_late_one(
    desk: Desk, step: str, minutes: int
) -> None:
    number = desk.ask()
    if step == "second":
        desk.verify(number)
    if step == "call":
        desk.verify(number, "fraud")
    task = desk.task(number, step)
    assert 0 < (task.due_at - task.opened_at).total_seconds() / 60 <= minutes + 90
    desk.later(hours=5)
    assert desk.task(number, step).overdue_at is not None
    assert desk.steps(number) == [step]


def test_only_the_desk_asks_for_who_has_an_account_and_once_at_a_time(desk: Desk) -> None:
    for person, phone, field in ((desk.co_owner, NEW, "person_id"), (desk.owner_id, "12", "new_phone")):
        wanted = Asked(desk.house, person, phone)
        with pytest.raises(FieldsInvalid) as invalid, desk.engine.work(desk.clerk) as work:
            helping.ask(work, wanted)
        assert list(invalid.value.fields) == [field]
    for who in (desk.adm, desk.sys):
        with pytest.raises(NotPermitted):
            asks(desk, who)
    desk.ask()
    with pytest.raises(RecordConflict):
        desk.ask()


def asks(desk: Desk, who: Actor) -> None:
    with desk.engine.work(who) as work:
        helping.ask(work, Asked(desk.house, desk.owner_id, NEW))


def test_the_new_number_is_sealed_and_shown_masked(desk: Desk) -> None:
    number = desk.ask()
    with desk.engine.reading(desk.clerk) as work:
        assert NEW not in repr(work.connection.execute(select(owner_help)).all())
        said = repr(help_steps.said(work, helping.seen(work, number)))
    assert "139****6666" in said
    assert NEW not in said
