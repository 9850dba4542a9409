"""Brings a case to the step that a browser test is about, without a page."""

from engine import tasks
from engine.ports import SYSTEM, Actor, Json
from engine.store.tables import instance, user_task
from engine.work import Work
from handlers.accounts.permissions import Post
from handlers.repair import reporting
from handlers.repair.records import Area
from handlers.repair.reporting import Report
from tests.browser.conftest import OWNER, Town


def reported(town: Town, text: str) -> str:
    """Let the owner report a lamp, and return the number."""
    report = Report(Area.PRIVATE, "P04", text, "陈静", OWNER, house_id=town.world.house)
    with town.engine.work(town.owner) as work:
        return reporting.report_online(work, report).number


def task_id(town: Town, number: str, step: str) -> int:
    """Return the id of an open step."""
    with town.engine.reading(SYSTEM) as work:
        query = user_task.select().join(instance, instance.c.id == user_task.c.instance_id)
        query = query.where(instance.c.business_key == number, user_task.c.step_id == step)
        return int(work.connection.execute(query).one().id)


def do(town: Town, number: str, step: str, who: Actor, **answers: Json) -> None:
    """Let somebody do a step."""
    found = task_id(town, number, step)

    def claim_and_complete(work: Work) -> None:
        tasks.claim(work, found)
        tasks.complete(work, found, answers)

    town.engine.run(who, claim_and_complete)


def accepted(town: Town, text: str) -> str:
    """Report a lamp and let the clerk send the repairer."""
    number = reported(town, text)
    worker = str(town.people[Post.RP].id)
    do(town, number, "accept", town.people[Post.CS], outcome="accept", worker_id=worker)
    return number


def on_the_way(town: Town, text: str) -> str:
    """Report a lamp and let the repairer set out."""
    number, who = accepted(town, text), town.people[Post.RP]
    do(town, number, "take", who, outcome="taken")
    do(town, number, "appoint", who, outcome="soon")
    return number


def on_site(town: Town, text: str) -> str:
    """Report a lamp and let the repairer come."""
    number = on_the_way(town, text)
    do(town, number, "arrive", town.people[Post.RP], outcome="met")
    return number


def nearly_done(town: Town, text: str) -> str:
    """Report a lamp and let the repairer do everything but finish."""
    number, who = on_site(town, text), town.people[Post.RP]
    do(town, number, "diagnose", who, outcome="repair", finding="灯座烧坏")
    do(town, number, "do_work", who, outcome="done")
    return number


def nearly_done_for_a_charge(town: Town, text: str) -> str:
    """Report a lamp, let the owner agree to ¥30.00 and the repairer do everything but finish."""
    number, who = on_site(town, text), town.people[Post.RP]
    do(town, number, "diagnose", who, outcome="quote", finding="灯座烧坏，需更换")
    do(town, number, "write_quote", who, lines=[{"price_code": "E02", "quantity": 1}])
    do(town, number, "answer", town.owner, outcome="agree")
    do(town, number, "do_work", who, outcome="done")
    return number
