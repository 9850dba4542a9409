"""What the pages about procedures show: versions, diagrams, and every step with its post and limit."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from engine import definitions, limits, procedures
from engine.bpmn.program import Program, Step
from engine.procedures import Version
from engine.work import Work
from web.case_ahead import limit_words
from web.case_screen import with_limits
from web.ladder_words import ladder_words
from web.lists import post_name
from web.table_limits import table_limits
from web.words import either, listed, person_names


@dataclass(frozen=True)
class ProcedureRow:
    """One procedure in the list."""

    key: str
    name: str
    version: int
    deployed_at: datetime
    deployed_by: str
    open_cases: int


@dataclass(frozen=True)
class StepLine:
    """One human step of a procedure; `sheet` is the process whose diagram shows it."""

    name: str
    sheet: str
    posts: str
    limit: str
    reminders: tuple[str, ...]


@dataclass(frozen=True)
class Tab:
    """One diagram of the procedure."""

    process: str
    name: str
    is_current: bool


@dataclass(frozen=True)
class ProcedureScreen:
    """One procedure."""

    key: str
    name: str
    version: int
    bundle_id: int
    limit: str
    tabs: tuple[Tab, ...]
    process: str
    marks: str
    steps: tuple[StepLine, ...]
    versions: tuple[ProcedureRow, ...]


def procedure_rows(work: Work) -> list[ProcedureRow]:
    """List the procedures, by name."""
    current = procedures.current(work)
    programs = {version.process_key: _program(work, version.bundle_id) for version in current}
    names = person_names(work, {version.actor_id for version in current})
    called = _called(programs.values())
    rows = [_row(version, programs[version.process_key], names) for version in current]
    return sorted((row for row in rows if row.key not in called), key=lambda row: row.name)


def _called(programs: Iterable[Program]) -> set[str]:
    """Return the processes that only ever run inside another one."""
    return {step.called for program in programs for step in program.steps.values() if step.called}


def procedure_screen(work: Work, key: str, process: str) -> ProcedureScreen:
    """Read a procedure for its page.

    Args:
        process: which of its diagrams is looked at; anything unknown shows the procedure itself.
    """
    versions = procedures.versions(work, key)
    names = person_names(work, {version.actor_id for version in versions})
    program = _program(work, versions[0].bundle_id)
    sheets = _sheets(program)
    shown = process if process in sheets else key
    return ProcedureScreen(
        key=key,
        name=either(program.name, program.name_en),
        version=versions[0].version,
        bundle_id=versions[0].bundle_id,
        limit=limit_words(str(program.due)) if program.due is not None else "",
        tabs=tuple(Tab(name, label, name == shown) for name, label in sheets.items()),
        process=shown,
        marks=json.dumps(with_limits(program, shown, {}), ensure_ascii=False),
        steps=tuple(
            _line(work, program, step, program.owners.get(step.process, step.process))
            for step in program.steps.values()
            if step.kind == "user"
        ),
        versions=tuple(_row(version, program, names) for version in versions),
    )


def _sheets(program: Program) -> dict[str, str]:
    """Return process -> name of its diagram: the procedure itself, then those it calls."""
    sheets = {program.key: either(program.name, program.name_en)}
    for step in program.steps.values():
        if step.called:
            sheets.setdefault(step.called, either(step.name, step.name_en))
    return sheets


def _program(work: Work, bundle_id: int) -> Program:
    return definitions.program(work.engine, work.connection, bundle_id)


def _row(version: Version, program: Program, names: Mapping[int, str]) -> ProcedureRow:
    return ProcedureRow(
        key=version.process_key,
        name=either(program.name, program.name_en),
        version=version.version,
        deployed_at=version.deployed_at,
        deployed_by=names.get(version.actor_id, ""),
        open_cases=version.open_cases,
    )


def _line(work: Work, program: Program, step: Step, sheet: str) -> StepLine:
    return StepLine(
        name=either(step.name, step.name_en),
        sheet=sheet,
        posts=listed(post_name(code) for code in step.group),
        limit=table_limits(program, step) or limit_words(step.limit_text),
        reminders=ladder_words(limits.ladder_of(work, program.bundle_id, step.ladder)),
    )
