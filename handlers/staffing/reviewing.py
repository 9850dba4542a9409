"""Every quarter each lead confirms who still needs which post; what nobody answers for is suspended."""

from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import Row, or_, select

from engine import idempotency, instances
from engine.ports import Json
from engine.service_tasks import Context, completion, form_data, service_task
from engine.work import SYSTEM, Engine, Work
from handlers.accounts import lasting, staff
from handlers.accounts.permissions import POST_NAMES, Post
from handlers.accounts.records import account, account_post
from handlers.errors import FieldsInvalid
from handlers.estate import communities
from handlers.shared.alarms import raise_alarm
from handlers.shared.answers import Answers
from handlers.shared.facts import local, option, pairs
from handlers.staffing import cases
from handlers.staffing.cases import Case

PROCESS = "access_review"
EVERY = timedelta(hours=6)
ALARM = "posts_suspended"
_START = "access_review_due"
_LETTER = "A"
_BEGUN_WITHIN = 30  # days of a quarter: an installation that is set up later waits for the next one
# Who answers for whom in a community.
_LED_BY = {
    Post.CSL: (Post.CS,),
    Post.RPL: (Post.RP, Post.VEN),
    Post.FINL: (Post.FIN,),
    Post.PM: (Post.CSL, Post.RPL, Post.FINL),
}


def watch(engine: Engine) -> int:
    """Begin the reviews of a quarter, once for each lead of each community; return how many were begun.

    Several nodes may do this at once: whoever comes second finds the first one's answer.
    """
    with engine.reading(SYSTEM) as work:
        today = work.now.astimezone(work.engine.zone).date()
        first = today.replace(month=today.month - (today.month - 1) % 3, day=1)
        if (today - first).days >= _BEGUN_WITHIN:
            return 0
        wanted = [
            (place.id, lead)
            for place in communities.every(work)
            for lead in _LED_BY
            if _held(work, place.id, lead)
        ]
    quarter = first.isoformat()
    return sum(
        engine.run(SYSTEM, partial(_begin, quarter=quarter, community_id=place, lead=lead))
        for place, lead in wanted
    )


@form_data("staffing.posts_to_confirm")
def posts_to_confirm(context: Context) -> dict[str, Json]:
    """List who holds which post, for whoever leads them."""
    work, row = context.work, cases.of(context)
    held = _held(work, row.community_id, Post(row.posts[0]))
    names = work.engine.directory.names(work.connection, [one.account_id for one in held])
    since = {one.id: local(work, one.granted_at) for one in held}
    lines = [(one.id, names.get(one.account_id, ""), POST_NAMES[one.post]) for one in held]
    facts = [(name, (f"{zh}，{since[one]} 起", f"{en}, since {since[one]}")) for one, name, (zh, en) in lines]
    choices = [option(one, (f"{name} · {zh}", f"{name} · {en}")) for one, name, (zh, en) in lines]
    return {
        "facts": pairs(("编号", row.number), ("复核岗位", POST_NAMES[row.posts[0]]), *facts),
        "options": {"held": choices},
    }


@completion("staffing.confirm_posts")
def confirm_posts(context: Context, answers: dict[str, Json]) -> None:
    """End the posts that are no longer needed, at once, and keep the others.

    Source: policy A3.
    """
    work, row, given = context.work, cases.of(context), Answers(answers)
    if not given.flag("seen"):
        raise FieldsInvalid({"seen": ("请逐人核对名单", {})})
    held = {one.id: one for one in _held(work, row.community_id, Post(row.posts[0]))}
    for grant_id in given.ids("ended"):
        if grant_id in held:
            _end(work, held[grant_id], "end_post")
    cases.change(context, state="done")
    staff.log(work, "confirm_posts", row.account_id, f"{row.posts[0]}@{row.community_id}")


@service_task("staffing.suspend_posts")
def suspend_posts(context: Context) -> None:
    """End the posts that nobody confirmed, and tell the security post."""
    work, row = context.work, cases.of(context)
    if row.state != "open":
        return
    for one in _held(work, row.community_id, Post(row.posts[0])):
        _end(work, one, "suspend_post")
    cases.change(context, state="suspended")
    raise_alarm(work, ALARM, row.account_id, {"number": row.number})


def _begin(work: Work, quarter: str, community_id: int, lead: Post) -> int:
    key = f"access_review:{quarter}:{community_id}:{lead}"
    if idempotency.recall(work, key, "staffing.review", idempotency.fingerprint(key)) is not None:
        return 0
    lead_id = _lead_of(work, community_id, lead) or _lead_of(work, community_id, Post.PM)
    if lead_id is None:
        idempotency.remember(work, key, {"number": ""})
        return 0
    values = {"kind": "review", "account_id": lead_id, "community_id": community_id, "posts": [str(lead)]}
    row = cases.write(work, _LETTER, community_id, values)
    subject = instances.Subject(row.number, community_id, title="权限复核", title_en="Review of posts")
    instances.start(work, PROCESS, subject, message=_START, variables={"lead_id": str(lead_id)})
    idempotency.remember(work, key, {"number": row.number})
    return 1


def _lead_of(work: Work, community_id: int, lead: Post) -> int | None:
    found = _holders(work, community_id, (lead,))
    return int(found[0].account_id) if found else None


def _held(work: Work, community_id: int, lead: Post) -> list[Row[Any]]:
    return _holders(work, community_id, _LED_BY[lead])


def _holders(work: Work, community_id: int, posts: tuple[Post, ...]) -> list[Row[Any]]:
    return list(
        work.connection.execute(
            select(account_post)
            .join(account, account.c.id == account_post.c.account_id)
            .where(
                account.c.state == "active",
                account.c.kind == "staff",
                account_post.c.community_id == community_id,
                account_post.c.post.in_(posts),
                or_(account_post.c.ended_at.is_(None), account_post.c.ended_at > work.now),
            )
            .order_by(account_post.c.id)
        )
    )


def _end(work: Work, grant: Case, action: str) -> None:
    lasting.end_grants(work, account_post.c.id == grant.id)
    staff.log(work, action, grant.account_id, grant.post)
