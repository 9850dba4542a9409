"""Lets an import that waits for its release wait as a second check: with a limit, a ladder and a message."""

from typing import Any

from sqlalchemy import Row, select

from engine import instances, messages
from engine.errors import DefinitionNotFound
from engine.instances import Subject
from engine.messages import NotAwaited
from engine.ports import Json
from engine.service_tasks import Context, completion, form_data
from engine.work import SYSTEM, Work
from handlers.checking import asking, deciding, numbers, persons
from handlers.checking.asking import Entered, Step
from handlers.checking.records import CheckOutcome, Risk, second_check
from handlers.errors import FieldsInvalid, RecordNotFound
from handlers.estate import import_running, importing
from handlers.estate.import_writing import Totals
from handlers.estate.records import ImportState, estate_import
from handlers.shared.answers import Answers
from handlers.shared.facts import Facts, local, names, pairs
from handlers.shared.outbox import JobContext
from handlers.shared.permissions import Permission

PROCESS = "import_release"
KIND = "import"
_SETTLED = "import_settled"


def waits(context: JobContext) -> None:
    """Start the release of an import that was read; nothing when somebody was faster."""
    import_id = int(str(context.job.args["import_id"]))
    with context.engine.work(SYSTEM) as work:
        row = _import(work, import_id)
        if row is not None and row.state == ImportState.WAITING and row.totals["communities"]:
            _start(work, row)
        context.done(work)


def settled(context: JobContext) -> None:
    """End the release of an import that was released or taken back on its page."""
    import_id = int(str(context.job.args["import_id"]))
    with context.engine.work(SYSTEM) as work:
        check = work.connection.execute(
            select(second_check).where(
                second_check.c.subject_kind == KIND,
                second_check.c.subject_id == import_id,
                second_check.c.state == CheckOutcome.WAITING,
            )
        ).one_or_none()
        if check is not None:
            row = _import(work, import_id)
            is_released = row is not None and row.released_by is not None
            deciding.note(
                work,
                check,
                CheckOutcome.CONFIRMED if is_released else CheckOutcome.WITHDRAWN,
                row.released_by if row is not None and is_released else None,
            )
            _end(work, check.instance_id)
        context.done(work)


@form_data("checking.import_facts")
def import_facts(context: Context) -> Facts:
    """Say what the list brought; the page of the import shows it building by building."""
    work, check = context.work, _check(context)
    row = _import(work, check.subject_id)
    if row is None:
        raise RecordNotFound("import_not_found", "没有这次导入")
    totals = Totals.read(row.totals)
    return {
        "facts": pairs(
            ("导入人", names(work, [row.imported_by])),
            ("导入时间", local(work, row.imported_at)),
            ("户数", f"{totals.taken_houses} / {totals.listed_houses}"),
            ("业主人数", f"{totals.taken_owners} / {totals.listed_owners}"),
            ("有问题的行", str(totals.problems)),
            ("与各行不符的合计数", str(totals.differing)),
            ("没有比较的合计行（公式没有算出）", str(len(row.totals.get("uncomputed", ())) or "")),
            (
                "怎么核对",
                (
                    "在“导入”页打开这次导入，与签字清单逐栋核对户数、人数和面积",
                    "Open it under “Import” and compare houses, owners and areas with the signed list",
                ),
            ),
        )
    }


@completion("checking.release_import")
def release_import(context: Context, answers: dict[str, Json]) -> None:
    """Release an import as the second person, or send it back to who imported it.

    Raises:
        ActionNotAllowed: the actor imported it, or stands in for who did.
        FieldsInvalid: something of the list is missing and nobody said why.
    Source: policy C1.
    """
    given = Answers(answers)
    work, check = context.work, _check(context)
    if given.outcome == "return":
        if not given.text("reason"):
            raise FieldsInvalid({"reason": ("请填写退回原因", {})})
        deciding.reject(work, check.id, given.text("reason"))
        asking.tell(work, "import_returned", [check.entered_by], context.instance_id)
        return
    persons.checking_for(work, Permission.HOUSE_CHECK, check.community_id, {check.entered_by})
    importing.release_import(work, check.subject_id, given.text("difference"))
    deciding.note(work, check, CheckOutcome.CONFIRMED, work.actor.id)


def _start(work: Work, row: Row[Any]) -> None:
    community_id = min(int(one) for one in row.totals["communities"])
    subject = Subject(
        numbers.next_number(work),
        community_id,
        title="导入交付清单",
        title_en="Import of a hand-over list",
        starter_id=row.imported_by,
    )
    try:
        started = instances.start(work, PROCESS, subject)
    except DefinitionNotFound:  # an installation that was not upgraded yet; the page of imports remains
        return
    asking.ask(
        work,
        asking.Subject(KIND, row.id, "list", community_id),
        Entered({}, Risk.HIGH, entered_by=row.imported_by),
        Step(started.id, "release"),
    )


def _end(work: Work, instance_id: int | None) -> None:
    number = numbers.of_case(work, instance_id)
    try:
        messages.correlate(work, PROCESS, _SETTLED, number, {})
    except NotAwaited:  # it was cancelled
        return


def _import(work: Work, import_id: int) -> Row[Any] | None:
    return work.connection.execute(select(estate_import).where(estate_import.c.id == import_id)).one_or_none()


def _check(context: Context) -> Row[Any]:
    check = context.connection.execute(
        select(second_check).where(
            second_check.c.instance_id == context.instance_id,
            second_check.c.state == CheckOutcome.WAITING,
        )
    ).one_or_none()
    if check is None:
        raise RecordNotFound("check_not_found", "没有这项二次核对")
    return check


JOBS = {import_running.WAITS: waits, import_running.SETTLED: settled}
