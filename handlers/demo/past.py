"""Lets some weeks of repairs happen: real commands on the real engine, by a clock moved by hand."""

import heapq
import io
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from PIL import Image
from sqlalchemy import select

from engine import tasks, timers
from engine.clock import SettableClock
from engine.errors import Conflict, Invalid, NotAllowed, NotFound, Refused, TaskGone
from engine.ports import SYSTEM, Actor
from engine.store.tables import instance, task_candidate, user_task
from engine.work import Engine, Work
from handlers.demo import doing, fates
from handlers.demo.doing import Doing
from handlers.demo.fates import STALLED, Caller, Script
from handlers.demo.population import Size
from handlers.demo.settling import Settled
from handlers.repair import commands, phone, reporting
from handlers.repair.records import Area
from handlers.repair.reporting import Report
from handlers.shared import attachments

# how much is reported in each hour of the day, and how much less between ten at night and six
_HOURS = (1, 1, 1, 1, 1, 1, 3, 6, 9, 9, 8, 7, 6, 6, 7, 7, 7, 8, 10, 10, 8, 5, 3, 2)
_STALLED_WITHIN = timedelta(hours=70)
_LONG_AGO = timedelta(days=6)
_REGRETS_AFTER = timedelta(minutes=25)
_PHOTO_SIZE = (320, 240)
_AGAIN = timedelta(minutes=20)
_MOST_REPORTERS = 80  # per community: the same people report again, as they do


class Past:
    """A simulation: what people will do next lies on a heap, and the clock jumps from one to the next."""

    def __init__(self, engine: Engine, clock: SettableClock, settled: Settled, seed: int) -> None:
        self.engine = engine
        self.clock = clock
        self.settled = settled
        self.random = Random(seed + 3)  # noqa: S311  # inventing, not guarding
        self._coming: list[tuple[datetime, int, Callable[[], None]]] = []
        self._turn = count()
        self._scripts: dict[int, Script] = {}
        self._newest_task = 0  # ids grow with time

    def run(self, size: Size, until: datetime, say: Callable[[str], None]) -> int:
        """Let everything happen from some weeks before a moment until then.

        Args:
            say: is told of each day.
        Returns:
            How many cases there were.
        """
        self._plan_reports(size, until)
        days = size.weeks * 7
        for day in range(1, days + 1):
            self._run_until(until - timedelta(days=days - day))
            say(f"[2/4] 第 {day} 天，共 {days} 天 / day {day} of {days}")
        return len(self._scripts)

    # --- time -----------------------------------------------------------------------------------------------

    def _run_until(self, until: datetime) -> None:
        while self._coming and self._coming[0][0] <= until:
            moment, _, act = heapq.heappop(self._coming)
            self._let_time_pass(moment)
            self.clock.set(moment)
            act()
        self._let_time_pass(until)
        self.clock.set(until)

    def _let_time_pass(self, moment: datetime) -> None:
        """Fire each timer at its own moment; what it opens is done by somebody too."""
        while (due := timers.next_due(self.engine)) is not None and due <= moment:
            self.clock.set(max(due, self.clock.now()))
            timers.fire_due(self.engine)
            self._plan_open_steps()

    def _at(self, moment: datetime, act: Callable[[], None]) -> None:
        heapq.heappush(self._coming, (moment, next(self._turn), act))

    # --- reports --------------------------------------------------------------------------------------------

    def _plan_reports(self, size: Size, until: datetime) -> None:
        for day in range(size.weeks * 7, 0, -1):
            for _ in range(self._how_many(size.cases_a_day)):
                self._plan_report(until - timedelta(days=day))
        for place, case in enumerate(STALLED):
            back = _LONG_AGO if case.is_late_step else _STALLED_WITHIN * (place + 1) / (len(STALLED) + 1)
            self._at(until - back, lambda case=case: self._report(case.script(self._caller())))  # type: ignore[misc]  # bound in the loop on purpose

    def _how_many(self, mean: float) -> int:
        return max(0, round(self.random.gauss(mean, mean**0.5)))

    def _plan_report(self, day: datetime) -> None:
        zone = self.engine.zone
        hour = self.random.choices(range(24), _HOURS)[0]
        local = day.astimezone(zone).replace(hour=hour, minute=self.random.randrange(60), second=0)
        self._at(local, lambda: self._report(fates.draw(self.random, self._caller())))

    def _caller(self) -> Caller:
        community = self.random.choice(self.settled.communities)
        one = self.random.choice(self.settled.dwellers[community][:_MOST_REPORTERS])
        return Caller(community, one.house_id, one.account_id, one.name, one.phone)

    def _report(self, script: Script) -> None:
        instance_id = self._call(script) if script.channel == "phone" else self._write(script)
        self._scripts[instance_id] = script
        self._plan_open_steps()
        if script.fate == "cancel":
            self._at(self.clock.now() + _REGRETS_AFTER, lambda: self._cancel(script, instance_id))

    def _call(self, script: Script) -> int:
        community = script.caller.community_id
        clerk = self._one_of("cs", community)
        call = self.engine.run(clerk, lambda work: phone.press_call(work, community, script.caller.phone))
        return call.instance_id

    def _write(self, script: Script) -> int:
        caller = script.caller
        report = Report(
            area=Area(script.area),
            fault_code=script.fault,
            description=script.text,
            contact_name=caller.name,
            contact_phone=caller.phone,
            house_id=None if script.channel == "staff" else caller.house_id,
            building_id=self._building(caller) if script.channel == "staff" else None,
            place="一层大厅" if script.area == "common" else "",
        )
        if script.channel == "staff":
            actor = self._one_of("rp", caller.community_id)
            return self.engine.run(actor, lambda work: reporting.report_found(work, report)).instance_id
        actor = Actor(caller.account_id, "resident")
        return self.engine.run(actor, lambda work: reporting.report_online(work, report)).instance_id

    def _cancel(self, script: Script, instance_id: int) -> None:
        with self.engine.reading(SYSTEM) as work:
            number = work.connection.execute(
                select(instance.c.business_key).where(instance.c.id == instance_id)
            ).scalar_one()
        owner = Actor(script.caller.account_id, "resident")
        with suppress(Refused, NotAllowed, NotFound, Conflict):  # too late, or the call is not entered yet
            self.engine.run(owner, lambda work: commands.cancel(work, number, "自己修好了"))

    # --- steps ----------------------------------------------------------------------------------------------

    def _plan_open_steps(self) -> None:
        """Have somebody do each step that was opened since."""
        columns = (user_task.c.id, user_task.c.instance_id, user_task.c.called_process, user_task.c.step_id)
        with self.engine.reading(SYSTEM) as work:
            rows = work.connection.execute(
                select(*columns).where(user_task.c.id > self._newest_task).order_by(user_task.c.id)
            ).all()
        for row in rows:
            self._newest_task = row.id
            script = self._scripts.get(row.instance_id)
            if script is None:
                continue
            wait = doing.delay(script, (row.called_process, row.step_id), self.random)
            if wait is not None:
                self._at(self.clock.now() + wait, lambda task_id=row.id: self._do(task_id))  # type: ignore[misc]  # bound in the loop on purpose

    def _do(self, task_id: int) -> None:
        with self.engine.reading(SYSTEM) as work:
            task = work.connection.execute(
                select(user_task, instance.c.business_key)
                .join(instance, instance.c.id == user_task.c.instance_id)
                .where(user_task.c.id == task_id)
            ).one_or_none()
            actor = None if task is None else self._doer(work, task)
        if task is None:
            return  # withdrawn meanwhile
        if actor is None:
            self._at(self.clock.now() + _AGAIN, lambda: self._do(task_id))
            return
        script = self._scripts[task.instance_id]
        step = (task.called_process, task.step_id)
        photo = self._photo(actor) if step in doing.PHOTOGRAPHED else ""

        def complete(work: Work) -> None:
            tasks.claim(work, task_id)
            tasks.complete(work, task_id, doing.answers(Doing(work, script, task, self.random, photo)))

        try:
            self.engine.run(actor, complete)
        except TaskGone:
            return
        except Invalid:
            raise  # the invented answers do not fit the form
        except Refused:  # nobody to send, or the same clerk: somebody else a little later
            self._at(self.clock.now() + _AGAIN, lambda: self._do(task_id))
            return
        script.done[step] = script.done.get(step, 0) + 1
        self._plan_open_steps()

    def _photo(self, actor: Actor) -> str:
        """Let somebody take a photo: a patch of colour stands for the repaired thing."""
        colour = tuple(self.random.randrange(60, 200) for _ in range(3))
        content = io.BytesIO()
        Image.new("RGB", _PHOTO_SIZE, colour).save(content, "JPEG")
        content.seek(0)
        return str(attachments.upload(self.engine, actor, content, "after.jpg"))

    def _doer(self, work: Work, task: Any) -> Actor | None:
        """Choose who does a step: whose it is, or one of the candidates who are at work now."""
        script = self._scripts[task.instance_id]
        if task.group_code == "resident":
            return Actor(script.caller.account_id, "resident")
        if task.assignee_id is not None:
            return Actor(task.assignee_id, "staff")
        groups = [(task.group_code, task.scope_id)]
        groups += work.connection.execute(
            select(task_candidate.c.group_code, task_candidate.c.scope_id).where(
                task_candidate.c.task_id == task.id
            )
        )
        candidates = [
            account_id
            for group, scope_id in groups
            if group != "resident"
            for account_id in self.engine.directory.recipients(work.connection, group, scope_id, work.now)
        ]
        return Actor(self.random.choice(candidates), "staff") if candidates else None

    # --- who ------------------------------------------------------------------------------------------------

    def _one_of(self, post: str, community: int) -> Actor:
        with self.engine.reading(SYSTEM) as work:
            found = self.engine.directory.recipients(work.connection, post, community, work.now)
        return Actor(self.random.choice(list(found)), "staff")

    def _building(self, caller: Caller) -> int:
        return self.random.choice(self.settled.buildings[caller.community_id])
