"""Who a step can be given to: its candidates, but for those whom completing it would refuse."""

from sqlalchemy import insert

from engine import definitions, limits, rights
from engine.bilingual import named
from engine.errors import Refused, RuleBroken
from engine.hosting import CaseHost
from engine.opening import scope_of
from engine.rights import Task, name_of
from engine.stepping import Case
from engine.store.tables import task_candidate
from engine.work import Work

_RESIDENT = "resident"


def barred(work: Work, case: Case, task: Task) -> frozenset[int]:
    """Return whom the trade keeps from a step, such as who did the repair that a complaint is about."""
    if task.form_key is None:
        return frozenset()
    form = definitions.form(work.engine, work.connection, case.bundle_id, task.form_key)
    rule = work.engine.library.barred.get(form.on_complete or "")
    if rule is None:
        return frozenset()
    return frozenset(rule(CaseHost(work, case).context(task.step_id, task.token, task.id)))


def require_not_barred(work: Work, case: Case, task: Task) -> None:
    """Refuse to let the actor take a step that they could not complete.

    Raises:
        RuleBroken("barred"): the trade keeps the actor from it.
    """
    if work.actor.id in barred(work, case, task):
        raise RuleBroken("barred", "您参与过此事，不能办理“{name}”，须由另一人办理", name=named(task))


def require_able(work: Work, case: Case, task: Task, actor_id: int) -> None:
    """Refuse to give a step to somebody who could not complete it.

    Raises:
        Refused("not_a_candidate"): they hold none of its posts.
        Refused("barred"): they did what it checks, or the trade keeps them from it.
    """
    facts = {"who": name_of(work, actor_id), "name": named(task)}
    if not rights.is_candidate(work, task, actor_id):
        raise Refused("not_a_candidate", "{who}没有办理“{name}”的岗位", **facts)
    if _is_kept_out(work, case, task, actor_id):
        raise Refused("barred", "{who}参与过此事，不能办理“{name}”，请另选一人", **facts)


def is_able(work: Work, case: Case, task: Task, actor_id: int) -> bool:
    """Tell whether somebody could take a step and complete it."""
    return rights.is_candidate(work, task, actor_id) and not _is_kept_out(work, case, task, actor_id)


def _is_kept_out(work: Work, case: Case, task: Task, actor_id: int) -> bool:
    return actor_id in barred(work, case, task) or rights.would_check_own(work, task, case, actor_id)


def people(work: Work, case: Case, task: Task) -> list[int]:
    """Return who is there and can be given a step now, but for who holds it."""
    out, groups = barred(work, case, task) | {task.assignee_id}, rights.groups_of(work, task)
    posts = sorted(group for group in groups if group[0] not in ("", _RESIDENT))
    present = work.engine.directory.recipients
    found = dict.fromkeys(one for post, at in posts for one in present(work.connection, post, at, work.now))
    return [
        one
        for one in found
        if one not in out
        and rights.holds(work, one, groups)
        and not rights.would_check_own(work, task, case, one)
    ]


def let_go(work: Work, case: Case, task: Task) -> None:
    """Let more posts act on a step that was given back and that nobody of its own could take.

    It was given to its holder by name, because everybody of its post is barred. The ladder says who may do it
    later; now they may at once.
    """
    known = rights.groups_of(work, task)
    is_for_a_house = any(post == _RESIDENT for post, _ in known)
    if is_for_a_house or is_able(work, case, task, task.assignee_id) or people(work, case, task):
        return
    for rung in limits.ladder_of(work, case.bundle_id, task.ladder):
        place = (rung.widen or "", scope_of(case, rung.widen or ""))
        if rung.widen is not None and place not in known:
            _widen(work, task, place)
            return


def _widen(work: Work, task: Task, place: tuple[str, int]) -> None:
    work.connection.execute(
        insert(task_candidate).values(
            task_id=task.id,
            group_code=place[0],
            scope_id=place[1],
            process_key=task.process_key,
            step_id=task.step_id,
            assignee_id=None,
            rank=task.rank,
            due_sort=task.due_sort,
        )
    )
