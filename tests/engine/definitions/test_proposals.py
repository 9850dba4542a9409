"""Proposing changes of procedures: one person hands them in, another puts them into force."""

import pytest

from engine import definitions, deploying, proposals
from engine.check_problem import DeploymentRefused
from engine.errors import DefinitionNotFound, NotPermitted, RuleBroken
from engine.ports import Actor, Grants
from engine.proposals import APPROVED, REFUSED, WITHDRAWN
from engine.work import Engine
from tests.engine.check.good import files
from tests.engine.definitions.test_deploy import bundle_of, changed_visit, deploy
from tests.engine.ports import FakeDirectory

AUTHOR, LEAD, OTHER = Actor(7, "staff"), Actor(8, "staff"), Actor(9, "staff")


@pytest.fixture
def ready(each_engine: Engine) -> Engine:
    """An engine with the good procedure in force, an author, and somebody who approves but also drafts."""
    deploy(each_engine)
    directory = each_engine.directory
    assert isinstance(directory, FakeDirectory)
    granted = {
        AUTHOR: ("process.read", "process.draft"),
        LEAD: ("process.read", "process.draft", "process.approve"),
        OTHER: ("process.read",),
    }
    for actor, permissions in granted.items():
        directory.give(actor, Grants(permissions=frozenset((one, None) for one in permissions)))
    return each_engine


def propose(engine: Engine, actor: Actor = AUTHOR, changed=None) -> int:
    """Hand a change in."""
    given = changed or changed_visit()
    with engine.reading(actor) as work:
        checked = proposals.check(work, given)
    return engine.run(actor, lambda work: proposals.propose(work, "上门改登门", given, checked))


def approve(engine: Engine, proposal_id: int, actor: Actor = LEAD) -> definitions.Deployment:
    """Put it into force."""
    return engine.run(actor, lambda work: proposals.approve(work, proposal_id))


def refuse(engine: Engine, proposal_id: int, reason: str, actor: Actor = LEAD) -> None:
    """Refuse it."""
    engine.run(actor, lambda work: proposals.refuse(work, proposal_id, reason))


def states(engine: Engine) -> list[str]:
    """Return the states of all proposals."""
    with engine.reading(LEAD) as work:
        return [found.state for found in proposals.listed(work)]


def test_a_change_is_in_force_once_another_person_approves(ready: Engine) -> None:
    before = bundle_of(ready, "repair")
    change = propose(ready)
    assert bundle_of(ready, "repair") == before
    made = approve(ready, change)
    assert bundle_of(ready, "repair") == made.bundles["repair"] != before
    assert states(ready) == [APPROVED]


def test_nobody_approves_their_own_change(ready: Engine) -> None:
    change = propose(ready, LEAD)
    with pytest.raises(NotPermitted):
        approve(ready, change)
    with ready.reading(LEAD) as work:
        assert proposals.waiting_count(work) == 1


def test_only_those_who_may_propose_or_approve(ready: Engine) -> None:
    with pytest.raises(NotPermitted):
        propose(ready, OTHER)
    change = propose(ready)
    with pytest.raises(NotPermitted):
        approve(ready, change, OTHER)
    with pytest.raises(NotPermitted):
        refuse(ready, change, "不妥", AUTHOR)


def test_a_change_shows_what_differs(ready: Engine) -> None:
    change = propose(ready, changed=changed_visit() | {"repair.bpmn": files()["repair.bpmn"]})
    with ready.reading(LEAD) as work:
        found = proposals.opened(work, change)
    (changed,) = found.files
    assert changed.name == "visit.bpmn"
    assert any(line.startswith("-") and "上门" in line for line in changed.lines)
    assert any(line.startswith("+") and "登门" in line for line in changed.lines)
    assert "repair" in found.affected


def test_what_was_decided_still_shows_what_it_changed(ready: Engine) -> None:
    change = propose(ready)
    approve(ready, change)
    with ready.reading(LEAD) as work:
        (changed,) = proposals.opened(work, change).files
    assert not changed.is_new
    assert any(line.startswith("-") and "上门" in line for line in changed.lines)
    assert any(line.startswith("+") and "登门" in line for line in changed.lines)


def test_a_change_is_checked_when_it_is_handed_in_and_when_it_is_approved_not_at_each_look(
    ready: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks: list[int] = []
    examine = deploying.examine
    monkeypatch.setattr(deploying, "examine", lambda *given: checks.append(1) or examine(*given))

    def look() -> tuple[proposals.Opened, int]:
        checks.clear()
        with ready.reading(LEAD) as work:
            return proposals.opened(work, change), len(checks)

    visit = changed_visit()["visit.bpmn"].replace(b'<bpmndi:BPMNShape bpmnElement="go"/>', b"")
    change = propose(ready, changed={"visit.bpmn": visit})
    kept, count = look()
    assert (count, "repair" in kept.affected) == (0, True)
    assert [(one.rule, one.is_error) for one in kept.problems] == [("not_drawn", False)]
    with ready.reading(LEAD) as work:
        checked = proposals.check_again(work, change)
    assert (len(checks) > 0, checked.problems) == (True, kept.problems)
    deploy(ready, {"repair.bpmn": files()["repair.bpmn"].replace("报修".encode(), "维修".encode())})
    again, count = look()  # the whole is another one now
    assert (count > 0, again.problems) == (True, kept.problems)


def test_what_is_refused_by_itself_is_not_compared_with_what_is_in_force(
    ready: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks: list[int] = []
    examine = deploying.examine
    monkeypatch.setattr(deploying, "examine", lambda *given: checks.append(1) or examine(*given))
    with pytest.raises(DeploymentRefused):
        propose(ready, changed={"visit.bpmn": b"<no"})
    assert len(checks) == 1


def test_what_is_wrong_or_changes_nothing_is_not_handed_in(ready: Engine) -> None:
    with pytest.raises(DeploymentRefused):
        propose(ready, changed={"visit.bpmn": b"<no"})
    with pytest.raises(RuleBroken):
        propose(ready, changed={"visit.bpmn": files()["visit.bpmn"]})
    assert states(ready) == []


def test_a_change_is_decided_once(ready: Engine) -> None:
    refused, withdrawn, approved = propose(ready), propose(ready), propose(ready)
    with pytest.raises(RuleBroken):
        refuse(ready, refused, "  ")
    refuse(ready, refused, "名称不统一")
    with pytest.raises(NotPermitted):
        ready.run(LEAD, lambda work: proposals.withdraw(work, withdrawn))
    ready.run(AUTHOR, lambda work: proposals.withdraw(work, withdrawn))
    approve(ready, approved)
    for decided in (refused, withdrawn, approved):
        with pytest.raises(RuleBroken):
            approve(ready, decided)
    assert sorted(states(ready)) == sorted([REFUSED, WITHDRAWN, APPROVED])
    with pytest.raises(DefinitionNotFound):
        approve(ready, 5)
