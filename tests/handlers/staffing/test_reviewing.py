"""Every quarter each lead confirms who needs which post; then the manager is asked, then it is suspended."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from engine.errors import Invalid
from engine.ports import SYSTEM, Actor
from engine.store.tables import user_task
from handlers.accounts.permissions import Post
from handlers.accounts.records import account_post
from handlers.shared import alarms
from handlers.staffing import reviewing
from handlers.staffing.records import staffing_case
from tests.handlers.office import Office


@pytest.fixture
def office(office: Office) -> Office:
    """The office in the morning of the first working day of a quarter."""
    office.clock.set(datetime(2031, 1, 2, 2, tzinfo=UTC))
    return office


def begun(office: Office) -> dict[str, str]:
    """Begin the reviews, and return their numbers by the post of the lead."""
    reviewing.watch(office.engine)
    with office.engine.reading(SYSTEM) as work:
        rows = work.connection.execute(select(staffing_case).where(staffing_case.c.kind == "review")).all()
    return {row.posts[0]: row.number for row in rows}


def posts(office: Office, actor: Actor) -> set[str]:
    with office.engine.reading(actor) as work:
        return {member.group for member in work.memberships}


def grant_of(office: Office, actor: Actor) -> str:
    with office.engine.reading(SYSTEM) as work:
        query = select(account_post.c.id).where(account_post.c.account_id == actor.id)
        return str(work.connection.execute(query).scalar_one())


def test_each_lead_gets_the_own_list_once_a_quarter(office: Office) -> None:
    numbers = begun(office)
    assert set(numbers) == {"csl", "pm"}
    assert begun(office) == numbers
    with office.engine.reading(SYSTEM) as work:
        holders = {row.assignee_id for row in work.connection.execute(select(user_task))}
    assert holders == {office.csl.id, office.pm.id}
    office.clock.set(datetime(2031, 2, 20, 2, tzinfo=UTC))
    assert reviewing.watch(office.engine) == 0
    office.clock.set(datetime(2031, 4, 1, 2, tzinfo=UTC))
    assert reviewing.watch(office.engine) == 2


def test_what_is_ticked_ends_and_the_rest_stays(office: Office) -> None:
    gone = office.staff(Post.CS)
    number = begun(office)["csl"]
    with pytest.raises(Invalid):
        office.do(number, "confirm", office.csl, ended=[], seen=False)
    office.do(number, "confirm", office.csl, ended=[grant_of(office, gone)], seen=True)
    assert (posts(office, gone), posts(office, office.clerk)) == (set(), {"cs"})
    assert office.steps(number) == []


def test_a_lead_ends_no_post_of_another_list(office: Office) -> None:
    number = begun(office)["csl"]
    with pytest.raises(Invalid):
        office.do(number, "confirm", office.csl, ended=[grant_of(office, office.pm)], seen=True)
    assert posts(office, office.pm) == {"pm"}


def test_unanswered_the_manager_is_asked_and_then_it_is_suspended(office: Office) -> None:
    number = begun(office)["csl"]
    office.later(days=10)
    assert office.steps(number) == ["confirm_by_manager"]
    assert posts(office, office.clerk) == {"cs"}
    office.later(days=5)
    assert office.steps(number) == []
    assert posts(office, office.clerk) == set()
    with office.engine.reading(SYSTEM) as work:
        assert reviewing.ALARM in {one.kind for one in alarms.open_alarms(work)}


def test_the_manager_answers_in_place_of_the_lead(office: Office) -> None:
    number = begun(office)["csl"]
    office.later(days=10)
    office.do(number, "confirm_by_manager", office.pm, ended=[], seen=True)
    assert posts(office, office.clerk) == {"cs"}
