"""Says which case and which step a message is about, in words that name nobody."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select, union_all

from engine.ports import Json
from engine.store.tables import instance, task_history, user_task
from engine.work import Work

DEFAULT_ZONE = "Asia/Shanghai"


def case_facts(work: Work, args: Mapping[str, Json], language: str) -> dict[str, str]:
    """Return the words for the ids in a job's args.

    Args:
        args: may hold `instance_id`, `task_id` and moments in ISO format.
    Returns:
        case, title and place of the instance, step of the task, how many, and each moment as a local time.
    """
    facts = {"case": "", "title": "", "place": "", "step": "", "count": str(args.get("count", ""))}
    in_english = language.startswith("en")
    if args.get("instance_id"):
        row = work.connection.execute(
            select(instance).where(instance.c.id == int(str(args["instance_id"])))
        ).one_or_none()
        if row is not None:
            title = row.title_en if in_english and row.title_en else row.title
            facts |= {"case": row.business_key, "title": title, "place": row.place}
    if args.get("task_id"):
        task_id = int(str(args["task_id"]))
        steps = union_all(
            *(
                select(table.c.name, table.c.name_en).where(table.c.id == task_id)
                for table in (user_task, task_history)
            )
        )
        step = work.connection.execute(steps).first()
        if step is not None:
            facts["step"] = step.name_en if in_english and step.name_en else step.name
    for key, value in args.items():
        if key.endswith("_at") and isinstance(value, str):
            moment = datetime.fromisoformat(value).astimezone(ZoneInfo(DEFAULT_ZONE))
            facts[key] = moment.strftime("%m-%d %H:%M")
    return facts


def is_waiting_for_somebody(work: Work, task_id: int) -> bool:
    """Tell whether a task is open and nobody has taken it yet."""
    row = work.connection.execute(
        select(user_task.c.claimed_at).where(user_task.c.id == task_id)
    ).one_or_none()
    return row is not None and row.claimed_at is None
