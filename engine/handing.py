"""Who a step can be given to: its candidates, but for those whom completing it would refuse."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import insert, select

from engine import definitions, limits, notices, rights
from engine.bilingual import named
from engine.errors import Refused, RuleBroken
from engine.opening import Writing, scope_of
from engine.ports import Barred, Grants
from engine.rights import Case, Place, Task, name_of
from engine.store.tables import instance, task_candidate, user_task
from engine.work import Work

_RESIDENT = "resident"


def barred(work: Work, case: Case, task: Task) -> frozenset[int]:
    """Return whom the trade keeps from a step, such as who did the repair that a complaint is about."""
    return _asked_each(work, [(case, task)], work.engine.library.barred).get(task.id, frozenset())


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
    asked = _Asked(work, [(case, task)])
    grants = asked.grants([actor_id])[actor_id]
    if not rights.holds(grants, asked.groups[task.id]):
        raise Refused("not_a_candidate", "{who}没有办理“{name}”的岗位", **facts)
    if asked.is_kept_out(task, actor_id, grants):
        raise Refused("barred", "{who}参与过此事，不能办理“{name}”，请另选一人", **facts)


def is_able(work: Work, case: Case, task: Task, actor_id: int) -> bool:
    """Tell whether somebody could take a step and complete it."""
    asked = _Asked(work, [(case, task)])
    return asked.is_able(task, actor_id, asked.grants([actor_id])[actor_id])


def kept_out(work: Work, case: Case, task: Task, actor_ids: Iterable[int]) -> frozenset[int]:
    """Return who of some people did what a step checks, or is kept from it by the trade."""
    asked, ids = _Asked(work, [(case, task)]), list(actor_ids)
    grants = asked.grants(ids)
    return frozenset(one for one in ids if asked.is_kept_out(task, one, grants[one]))


def people(work: Work, case: Case, task: Task) -> list[int]:
    """Return who is there and can be given a step now, but for who holds it."""
    return people_for_each(work, [(case, task)])[task.id]


def people_for_each(work: Work, steps: Sequence[tuple[Case, Task]]) -> dict[int, list[int]]:
    """Return for each of some steps, by its id, who is there and can be given it, but for who holds it.

    What is asked of the database grows with the posts and places of the steps, not with the steps.
    """
    asked, present = _Asked(work, steps), work.engine.directory.recipients
    staffed = {
        task.id: sorted(one for one in asked.groups[task.id] if one[0] not in ("", _RESIDENT))
        for _, task in steps
    }
    there = {
        place: present(work.connection, *place, work.now)
        for place in dict.fromkeys(place for places in staffed.values() for place in places)
    }
    grants = asked.grants({one for found in there.values() for one in found})
    return {
        task.id: [
            one
            for one in dict.fromkeys(one for place in staffed[task.id] for one in there[place])
            if one != task.assignee_id and asked.is_able(task, one, grants[one])
        ]
        for _, task in steps
    }


def receivers(work: Work, case: Case, task: Task) -> list[int]:
    """Return whom the actor can give a step to now: people who are there and expected nowhere else then."""
    return _receivers_for_each(work, [(case, task)])[task.id]


def _receivers_for_each(work: Work, steps: Sequence[tuple[Case, Task]]) -> dict[int, list[int]]:
    elsewhere = _asked_each(work, steps, work.engine.library.occupied)
    return {
        task_id: [one for one in found if one not in elsewhere.get(task_id, ())]
        for task_id, found in people_for_each(work, steps).items()
    }


def choices(work: Work, task_ids: Collection[int]) -> dict[int, list[int]]:
    """Return for each of some open steps that the actor may hand over, by its id, who can be given it."""
    rows = work.connection.execute(select(user_task).where(user_task.c.id.in_(task_ids)))
    own = {work.actor.id, *work.grants.stands_in_for}
    theirs = [task for task in rows if task.assignee_id in own or work.may("task.reassign", task.scope_id)]
    columns = instance.c["id", "business_key", "bundle_id", "starter_id"]
    wanted = instance.c.id.in_({task.instance_id for task in theirs}) & (instance.c.state == "active")
    found = work.connection.execute(select(*columns).where(wanted))
    cases: dict[int, Case] = {case.id: case for case in found}
    steps = [(cases[task.instance_id], task) for task in theirs if task.instance_id in cases]
    return _receivers_for_each(work, steps)


class _Asked:
    """What decides who may do some steps, read at once for all of them."""

    def __init__(self, work: Work, steps: Sequence[tuple[Case, Task]]) -> None:
        self._work = work
        self.groups = rights.groups_of_each(work, [task for _, task in steps])
        self._barred = _asked_each(work, steps, work.engine.library.barred)
        self._doers = rights.doers_before_each(work, steps)

    def grants(self, actor_ids: Iterable[int]) -> Mapping[int, Grants]:
        """Return what each of some people may do now."""
        work = self._work
        return work.engine.directory.staff_grants(work.connection, actor_ids, work.now)

    def is_able(self, task: Task, actor_id: int, grants: Grants) -> bool:
        """Tell whether somebody could take a step and complete it."""
        return rights.holds(grants, self.groups[task.id]) and not self.is_kept_out(task, actor_id, grants)

    def is_kept_out(self, task: Task, actor_id: int, grants: Grants) -> bool:
        """Tell whether somebody did what a step checks, or the trade keeps them from it."""
        return actor_id in self._barred.get(task.id, ()) or rights.would_check_own(
            self._doers[task.id], self.groups[task.id], actor_id, grants
        )


def _asked_each(
    work: Work, steps: Sequence[tuple[Case, Task]], rules: Mapping[str, Barred]
) -> dict[int, frozenset[int]]:
    """Ask each rule of the trade once for all the steps that it is about."""
    about: dict[Barred, list[tuple[Case, Task]]] = {}
    for case, task in steps:
        rule = _rule_among(rules, work, case.bundle_id, task.form_key)
        if rule is not None:
            about.setdefault(rule, []).append((case, task))
    found = {}
    for rule, its in about.items():
        out = rule(work, {case.business_key for case, _ in its})
        found.update({task.id: frozenset(out.get(case.business_key, ())) for case, task in its})
    return found


def rule_of(work: Work, bundle_id: int, form_key: str | None) -> Barred | None:
    """Return the rule of the trade that keeps people from the steps of a form, if there is one."""
    return _rule_among(work.engine.library.barred, work, bundle_id, form_key)


def _rule_among(
    rules: Mapping[str, Barred], work: Work, bundle_id: int, form_key: str | None
) -> Barred | None:
    if form_key is None:
        return None
    form = definitions.form(work.engine, work.connection, bundle_id, form_key)
    return rules.get(form.on_complete or "")


def offer_opened(writing: Writing) -> None:
    """Let more posts act at once on a step that opens with nobody who could ever take it, and tell them.

    Everybody of its posts is barred, or nobody holds them; whoever is off duty takes it when they come.
    """
    work, case = writing.work, writing.case
    for row in writing.rows.get(user_task, ()):
        own = [row, *(one for one in writing.rows.get(task_candidate, ()) if one["task_id"] == row["id"])]
        places = [(one["group_code"], one["scope_id"]) for one in own]
        is_for_staff = row["assignee_id"] is None and all(post not in ("", _RESIDENT) for post, _ in places)
        if not is_for_staff or not any(_further(work, case, row["ladder"], places)):
            continue
        if not _keeps_out(work, case, row) and _is_held(work, places):
            continue
        task = work.connection.execute(select(user_task).where(user_task.c.id == row["id"])).one()
        if not _is_anybodys(work, case, task):
            _let_further(work, case, task, "offered")


def _keeps_out(work: Work, case: Case, row: Mapping[str, Any]) -> bool:
    """Tell whether somebody of its posts could be kept out of a step that opens."""
    step = definitions.program_of(work, case).steps[row["called_process"], row["step_id"]]
    return bool(step.not_same_as) or rule_of(work, case.bundle_id, row["form_key"]) is not None


def _is_held(work: Work, places: Collection[Place]) -> bool:
    """Tell whether somebody has one of some posts; whoever acts is known already, and mostly has."""
    return rights.holds(work.grants, places) or any(_holders(work, place) for place in places)


def _holders(work: Work, place: Place) -> Sequence[int]:
    return work.engine.directory.holders(work.connection, *place, work.now)


def _is_anybodys(work: Work, case: Case, task: Task) -> bool:
    """Tell whether somebody could take a step, now or once they are on duty."""
    asked, present = _Asked(work, [(case, task)]), work.engine.directory.recipients
    places = asked.groups[task.id]
    known = {one for place in places for one in _holders(work, place)}
    known.update(one for place in places for one in present(work.connection, *place, work.now))
    grants = asked.grants(known)
    return any(asked.is_able(task, one, grants[one]) for one in known)


def let_go(work: Work, case: Case, task: Task) -> None:
    """Let more posts act on a step that was given back and that nobody of its own could take."""
    if not is_able(work, case, task, task.assignee_id):
        let_others(work, case, task)


def let_others(work: Work, case: Case, task: Task) -> None:
    """Let more posts act on a step that nobody but who held it could take, and tell them.

    It was given to its holder by name, because everybody of its post is barred or away.
    """
    is_residents = any(post == _RESIDENT for post, _ in rights.groups_of(work, task))
    if not is_residents and not people(work, case, task):
        _let_further(work, case, task, "given_back")


def _let_further(work: Work, case: Case, task: Task, happened: str) -> None:
    """Let one post after the other act on a step, until somebody can; they are told what happened to it."""
    known = rights.groups_of(work, task)
    for place in _further(work, case, task.ladder, sorted(known)):
        _widen(work, task, place)
        able = people(work, case, task)
        if able:
            notices.tell(work, task, happened, able)
            return


def _further(work: Work, case: Case, ladder: str | None, known: Sequence[Place]) -> Iterator[Place]:
    """Yield who may do a step where nobody of its posts can: whom its ladder names, then who stands behind.

    The ladder says who may do it later; now they may at once.
    """
    posts = [post for post, _ in known]
    found = dict.fromkeys(rung.widen for rung in limits.ladder_of(work, case.bundle_id, ladder))
    for post in posts:  # grows by who stands behind whom
        behind = work.engine.directory.stands_behind(post)
        if behind is not None and behind not in posts:
            posts.append(behind)
            found[behind] = None
    for one in found:
        place = (one, scope_of(case, one)) if one is not None else None
        if place is not None and place not in known:
            yield place


def _widen(work: Work, task: Task, place: Place) -> None:
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
