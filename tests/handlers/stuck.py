"""A case that is stuck because a fact is missing."""

import json

from sqlalchemy import select

from engine import definitions, instances, tasks
from engine.ports import SYSTEM, Actor
from engine.store.tables import incident, user_task
from engine.work import Engine
from tests.engine.models import Model
from tests.handlers.estate_world import World

SHEET = "count"
FORM = {
    "type": "default",
    "id": "keys_count",
    "properties": {"name": "清点", "name_en": "Count", "submit": "提交", "submit_en": "Send"},
    "components": [
        {
            "type": "number",
            "key": "keys",
            "label": "几把",
            "variable": True,
            "properties": {"label_en": "Keys"},
        }
    ],
}


def stuck_case(engine: Engine, world: World, clerk: Actor) -> int:
    """Deploy a sheet that decides by a number which its form need not give; return its incident."""
    sheet = Model(SHEET).start().user("accept", form="keys_count").exclusive("choose", default="few")
    sheet = sheet.user("few", form="keys_count").user("many", form="keys_count").end()
    sheet = sheet.flow("start", "accept", "choose", "few", "end").flow("many", "end")
    sheet = sheet.flow("choose", "many", when="${keys > 3}")
    files = {"keys_count.form": json.dumps(FORM).encode(), f"{SHEET}.bpmn": sheet.xml()}
    engine.run(SYSTEM, lambda work: definitions.deploy(work, "test", files))
    subject = instances.Subject("K1", world.community, world.house, title="配钥匙", title_en="New keys")
    case = engine.run(clerk, lambda work: instances.start(work, SHEET, subject)).id
    with engine.reading(SYSTEM) as work:
        query = select(user_task.c.id).where(user_task.c.instance_id == case)
        task_id = work.connection.execute(query).scalar_one()
    engine.run(clerk, lambda work: tasks.complete(work, task_id, {}))
    with engine.reading(SYSTEM) as work:
        query = select(incident.c.id).where(incident.c.instance_id == case)
        return int(work.connection.execute(query).scalar_one())
