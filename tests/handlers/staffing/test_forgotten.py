"""Staff who forgot the password: the lead knows the person, an administrator sends a first password."""

import pytest
from sqlalchemy import select

from engine.errors import NotPermitted, TaskGone
from engine.ports import SYSTEM, Actor
from handlers.accounts import staff, trust
from handlers.accounts.permissions import Post
from handlers.accounts.records import account
from handlers.errors import ActionNotAllowed
from handlers.shared.records import outbox_job
from handlers.staffing import forgotten
from handlers.staffing.records import staffing_case
from tests.handlers.inline import inline_worker
from tests.handlers.office import Office

ADDRESS = "203.0.113.7"


def asked(office: Office, who: Actor) -> str:
    """Ask as somebody at the sign-in page, and return the number of the case."""
    forgotten.ask(office.engine, office.login_of(who), ADDRESS)
    inline_worker(office.engine).drain()
    return numbers(office)[-1]


def numbers(office: Office) -> list[str]:
    with office.engine.reading(SYSTEM) as work:
        query = select(staffing_case.c.number).where(staffing_case.c.kind == "password")
        return list(work.connection.execute(query.order_by(staffing_case.c.id)).scalars())


def sent(office: Office) -> int:
    with office.engine.reading(SYSTEM) as work:
        rows = work.connection.execute(select(outbox_job.c.name)).scalars().all()
    return sum(name == staff.FIRST_PASSWORD_JOB for name in rows)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.both_stores
def test_the_lead_confirms_and_a_first_password_goes_to_the_own_phone(office: Office) -> None:
    number = asked(office, office.clerk)
    for other in (office.pm, office.sys, office.adm):
        with pytest.raises((NotPermitted, TaskGone)):
            office.do(number, "confirm", other, outcome="confirm", how="当面")
    office.do(number, "confirm", office.csl, outcome="confirm", how="当面")
    assert sent(office) == 0
    office.do(number, "issue", office.sys, outcome="issue")
    assert (sent(office), office.is_over(number)) == (1, True)
    with office.engine.reading(SYSTEM) as work:
        row = work.connection.execute(select(account).where(account.c.id == office.clerk.id)).one()
        assert trust.cools_until(work, office.clerk.id) is not None
    assert row.must_change_password
    assert (row.password_expires_at - office.clock.now()).total_seconds() == 72 * 3600


def test_a_lead_who_does_not_know_the_person_ends_it(office: Office) -> None:
    number = asked(office, office.clerk)
    office.do(number, "confirm", office.csl, outcome="refuse", how="本人说没有申请")
    assert (sent(office), office.is_over(number)) == (0, True)


def test_what_nobody_leads_the_security_administrator_confirms_and_another_one_sends(office: Office) -> None:
    number = asked(office, office.sys)
    office.do(number, "confirm", office.sec, outcome="confirm", how="当面")
    with pytest.raises(ActionNotAllowed):
        office.do(number, "issue", office.sys, outcome="issue")
    office.do(number, "issue", office.staff(Post.SYS, everywhere=True), outcome="issue")
    assert sent(office) == 1


def test_unknown_logins_and_asking_again_leave_nothing(office: Office) -> None:
    forgotten.ask(office.engine, "nobody", ADDRESS)
    forgotten.ask(office.engine, "", ADDRESS)
    forgotten.ask(office.engine, "x" * 5000, ADDRESS)
    inline_worker(office.engine).drain()
    assert numbers(office) == []
    assert asked(office, office.clerk) == asked(office, office.clerk)
    assert len(numbers(office)) == 1
    for _ in range(3):
        office.do(numbers(office)[-1], "confirm", office.csl, outcome="refuse", how="没有申请")
        asked(office, office.clerk)
        if office.is_over(numbers(office)[-1]):
            break
    assert len(numbers(office)) == 3


@pytest.mark.parametrize("step", ["confirm", "issue"])
def test_each_step_has_four_hours(office: Office, step: str) -> None:
    number = asked(office, office.clerk)
    if step == "issue":
        office.do(number, "confirm", office.csl, outcome="confirm", how="当面")
    office.later(hours=4, minutes=1)
    assert office.task(number, step).overdue_at is not None
