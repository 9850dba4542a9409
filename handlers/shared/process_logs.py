"""Writes what cases went through for process mining, as XES or OCEL: pseudonyms, codes and moments only."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TextIO
from xml.sax.saxutils import quoteattr

from sqlalchemy import select

from engine.store.tables import instance, task_history
from engine.work import Work
from handlers.shared.permissions import Permission
from handlers.shared.sealed import vault_of

_ENDS = {"completed": "complete", "withdrawn": "ate_abort", "cancelled": "ate_abort"}
_OCEL_TYPES = {"WorkOrder": ("process", "state"), "Task": ("step", "role"), "Staff": ()}


@dataclass(frozen=True)
class Step:
    """One finished step of a case; `who` is a pseudonym."""

    number: str
    process: str
    state: str
    id: int
    step: str
    role: str
    who: str
    opened_at: datetime
    claimed_at: datetime | None
    ended_at: datetime
    end: str

    def moments(self) -> Iterator[tuple[str, datetime]]:
        """Yield what happened to the step, as XES calls it."""
        yield "schedule", self.opened_at
        if self.claimed_at is not None:
            yield "start", self.claimed_at
        yield self.end, self.ended_at


def write_xes(work: Work, file: TextIO) -> int:
    """Write one trace for each case, and return how many there are."""
    file.write('<?xml version="1.0" encoding="UTF-8"?>\n<log xes.version="1849-2016">\n')
    for name in ("Concept", "Lifecycle", "Organizational", "Time"):
        file.write(f'<extension name="{name}" prefix="{_PREFIXES[name]}" uri="{_uri(name)}"/>\n')
    traces, last = 0, ""
    for step in _steps(work):
        if step.number != last:
            file.write("</trace>\n" if last else "")
            file.write("<trace>" + _xes("concept:name", step.number) + _xes("process", step.process) + "\n")
            traces, last = traces + 1, step.number
        for transition, at in step.moments():
            pairs = {"concept:name": step.step, "lifecycle:transition": transition, "org:role": step.role}
            if transition != "schedule" and step.who:
                pairs["org:resource"] = step.who
            body = "".join(_xes(key, value) for key, value in pairs.items())
            file.write(f'<event>{body}<date key="time:timestamp" value="{at.isoformat()}"/></event>\n')
    file.write(("</trace>\n" if last else "") + "</log>\n")
    return traces


def write_ocel(work: Work, file: TextIO) -> int:
    """Write work orders, tasks and staff with what happened to them, and return how many events there are."""
    objects: dict[str, dict[str, Any]] = {}
    kinds: dict[str, None] = {}
    events = []
    for step in _steps(work):
        kinds[step.step] = None
        task = f"task:{step.id}"
        staff = [f"staff:{step.who}"] if step.who else []
        objects[step.number] = _object(
            step.number, "WorkOrder", {"process": step.process, "state": step.state}, step
        )
        objects[task] = _object(task, "Task", {"step": step.step, "role": step.role}, step)
        for one in staff:
            objects[one] = _object(one, "Staff", {}, step)
        related = [(step.number, "of"), (task, "does"), *((one, "by") for one in staff)]
        events.append(
            {
                "id": f"end:{step.id}",
                "type": step.step,
                "time": step.ended_at.isoformat(),
                "attributes": [{"name": "end", "value": step.end}],
                "relationships": [{"objectId": one, "qualifier": word} for one, word in related],
            }
        )
    log = {
        "objectTypes": [{"name": name, "attributes": _typed(of)} for name, of in _OCEL_TYPES.items()],
        "eventTypes": [{"name": name, "attributes": _typed(("end",))} for name in kinds],
        "objects": list(objects.values()),
        "events": events,
    }
    json.dump(log, file, ensure_ascii=False)
    return len(events)


_PREFIXES = {"Concept": "concept", "Lifecycle": "lifecycle", "Organizational": "org", "Time": "time"}


def _uri(name: str) -> str:
    return f"http://www.xes-standard.org/{_PREFIXES[name]}.xesext"


def _xes(key: str, value: str) -> str:
    return f"<string key={quoteattr(key)} value={quoteattr(value)}/>"


def _typed(names: tuple[str, ...]) -> list[dict[str, str]]:
    return [{"name": name, "type": "string"} for name in names]


def _object(name: str, kind: str, values: Mapping[str, str], step: Step) -> dict[str, Any]:
    at = step.opened_at.isoformat()
    attributes = [{"name": key, "value": value, "time": at} for key, value in values.items()]
    return {"id": name, "type": kind, "attributes": attributes, "relationships": []}


def _steps(work: Work) -> Iterator[Step]:
    """Read every finished step in the order of cases; only whoever may read reports everywhere."""
    work.require(Permission.REPORT_READ)
    pseudonym = vault_of(work.engine).blind_index
    rows = work.connection.execution_options(yield_per=1000).execute(
        select(
            instance.c.business_key,
            instance.c.state,
            task_history.c.process_key,
            task_history.c.id,
            task_history.c.step_id,
            task_history.c.group_code,
            task_history.c.assignee_id,
            task_history.c.opened_at,
            task_history.c.claimed_at,
            task_history.c.ended_at,
            task_history.c.end_kind,
        )
        .join(instance, instance.c.id == task_history.c.instance_id)
        .order_by(task_history.c.instance_id, task_history.c.ended_at, task_history.c.id)
    )
    for row in rows:
        is_known = row.assignee_id is not None
        yield Step(
            row.business_key,
            row.process_key,
            row.state,
            row.id,
            row.step_id,
            row.group_code,
            pseudonym("process_log", str(row.assignee_id))[:12] if is_known else "",
            row.opened_at,
            row.claimed_at,
            row.ended_at,
            _ENDS.get(row.end_kind, "complete"),
        )
