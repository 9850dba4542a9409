"""Opens the form of a step and takes its answers: validation, its command, what enters process data."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import NoResultFound

from engine import definitions
from engine.bilingual import named
from engine.errors import Problem, RuleBroken
from engine.forms import Form, Option
from engine.forms.answers import Options
from engine.hosting import CaseHost
from engine.ports import Json
from engine.rights import Case, Task
from engine.service_tasks import Context, checked_json
from engine.work import Work

OUTCOME = "outcome"


@dataclass(frozen=True, slots=True)
class Answered:
    """What a completed form leaves behind.

    Attributes:
        variables: for process data: what the form marks, and what its command returned.
        outcome: value of the field `outcome`, if the form has one, or what its command found instead.
        found: the option of that, where the command found something else than what was chosen.
        extra: sealed answers to fields that no command knows.
    """

    variables: dict[str, Json]
    outcome: str | None
    extra: str | None
    found: Option | None = None


@dataclass(frozen=True, slots=True)
class OpenedForm:
    """A form ready to be shown.

    Attributes:
        facts: label and text pairs to read before answering; each a string, or a pair of Chinese and English.
        values: what the fields show at first.
        options: key of a field -> its choices, for fields with `valuesKey`.
    """

    form: Form | None
    facts: list[list[Any]]
    values: dict[str, Json]
    options: dict[str, list[dict[str, Json]]]


def opened(work: Work, case: Case, task: Task) -> OpenedForm:
    """Read a task's form and what its `on_open` query says."""
    if task.form_key is None:
        return OpenedForm(None, [], {}, {})
    form = definitions.form(work.engine, work.connection, case.bundle_id, task.form_key)
    data: dict[str, Any] = _data(work, case, task, form)
    form = form.without(data.get("without", ()))
    return OpenedForm(form, data.get("facts", []), data.get("values", {}), data.get("options", {}))


def _data(work: Work, case: Case, task: Task, form: Form) -> dict[str, Any]:
    if form.on_open is None:
        return {}
    return work.engine.library.form_data[form.on_open](_context(work, case, task))


def choices(work: Work, case: Case, form: Form, step: str, task_id: int) -> Options:
    """Return what the fields of a step's form could be set to, by options key; of a closed step as of now.

    Where the query refuses, or what it asks for is gone, nothing can be chosen. Any other error is a bug.
    """
    if form.on_open is None:
        return {}
    try:
        data: dict[str, Any] = work.engine.library.form_data[form.on_open](
            CaseHost(work, case).context(step, "", task_id)
        )
    except (Problem, NoResultFound):
        return {}  # the query is written for the step while it is open
    found: Options = data.get("options", {})
    return found


def _context(work: Work, case: Case, task: Task) -> Context:
    return CaseHost(work, case).context(task.step_id, task.token, task.id)


def answered(work: Work, case: Case, task: Task, answers: Mapping[str, Json]) -> Answered:
    """Validate answers and run the form's completion command with them.

    Raises:
        Invalid: with a message for each field that does not fit.
        Refused: the command says no.
    """
    if task.form_key is None:
        if answers:
            raise RuleBroken("no_form", "任务“{name}”没有表单，不接受填写内容", name=named(task))
        return Answered({}, None, None)
    form = definitions.form(work.engine, work.connection, case.bundle_id, task.form_key)
    data = _data(work, case, task, form)
    accepted = form.without(data.get("without", ())).validate(
        answers, data.get("options", {}), zone=work.engine.zone
    )
    variables = dict(accepted.variables)
    outcome = chosen = accepted.values.get(OUTCOME)
    if form.on_complete is not None:
        command = work.engine.library.completions[form.on_complete]
        outputs = dict(command(_context(work, case, task), answers=dict(accepted.values)) or {})
        checked_json(outputs)
        outcome = outputs.pop(OUTCOME, chosen)
        variables |= outputs
    return Answered(
        variables,
        outcome if isinstance(outcome, str) else None,
        _extra(work, case, task, form, accepted.values),
        next((one for one in form.outcomes if one.value == outcome != chosen), None),
    )


def _extra(work: Work, case: Case, task: Task, form: Form, values: Mapping[str, Json]) -> str | None:
    known = definitions.program_of(work, case).topics.known_answers(form.on_complete)
    if form.on_complete is not None and known is None:
        return None
    left = {key: value for key, value in values.items() if key not in (known or ()) and key != OUTCOME}
    if not left:
        return None
    return work.engine.vault.seal("task_history", "extra", task.id, json.dumps(left, ensure_ascii=False))
