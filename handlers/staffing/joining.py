"""Joining: asked for by a lead, registered by administration, granted by the system administrator."""

from dataclasses import dataclass

from sqlalchemy import select

from engine import instances
from engine.ports import Json
from engine.service_tasks import Context, completion, form_data, service_task
from engine.work import Work
from handlers.accounts import granting, staff
from handlers.accounts.permissions import POST_NAMES, SECOND_FACTOR_POSTS, Post
from handlers.accounts.records import account, account_totp
from handlers.errors import FieldsInvalid, RuleRefused
from handlers.estate import communities
from handlers.estate.identity import InvalidIdentity, normalised_mobile
from handlers.shared.answers import Answers
from handlers.shared.facts import Pairs, local, names, pairs
from handlers.shared.masks import mask_phone
from handlers.shared.messages import notification
from handlers.shared.permissions import Permission
from handlers.staffing import cases
from handlers.staffing.cases import Case

PROCESS = "staff_onboarding"
_LETTER = "H"


@dataclass(frozen=True)
class Newcomer:
    """Somebody who is to join.

    Attributes:
        more: a further post, which the security administrator has to approve, or None.
        community_id: where the posts are to count; None is everywhere.
    """

    name: str
    phone: str
    department: str
    post: Post | None
    more: Post | None = None
    community_id: int | None = None


def ask(work: Work, newcomer: Newcomer) -> str:
    """Ask that somebody may join, and return the number of the case.

    Administration may everywhere, leads and managers where they lead.

    Raises:
        FieldsInvalid: with a message for each field that cannot be right.
    """
    if not work.may(Permission.ACCOUNT_REGISTER):
        work.require(Permission.SUBSTITUTE_SET, newcomer.community_id)
    wrong: dict[str, tuple[str, dict[str, object]]] = {}
    if not newcomer.name.strip():
        wrong["name"] = ("请填写姓名", {})
    if newcomer.post is None:
        wrong["post"] = ("请选择岗位", {})
    if newcomer.phone.strip() and not _is_mobile(newcomer.phone):
        wrong["phone"] = ("请填写 11 位手机号", {})
    if wrong:
        raise FieldsInvalid(wrong)
    posts = [str(one) for one in dict.fromkeys((newcomer.post, newcomer.more)) if one is not None]
    row = cases.write(
        work,
        _LETTER,
        cases.scope_for(work, newcomer.community_id),
        {
            "kind": "joining",
            "name": newcomer.name.strip(),
            "phone": newcomer.phone.strip(),
            "department": newcomer.department.strip(),
            "posts": posts,
            "community_id": newcomer.community_id,
        },
    )
    subject = instances.Subject(row.number, row.scope_id, title="员工入职", title_en="Joining")
    instances.start(work, PROCESS, subject, message="staff_joining")
    return str(row.number)


@form_data("staffing.joining_facts")
def joining_facts(context: Context) -> dict[str, Json]:
    """Say who is to join, as what and where."""
    return {"facts": said(context.work, cases.of(context))}


def said(work: Work, row: Case) -> Pairs:
    """Say who is to join, as what and where; for queries that have asked who may."""
    places = {one.id: one.name for one in communities.every(work)}
    return pairs(
        ("编号", row.number),
        ("姓名", cases.opened(work, row, "name")),
        ("手机", mask_phone(cases.opened(work, row, "phone"))),
        ("部门", row.department),
        *(("加任岗位" if place else "岗位", POST_NAMES[post]) for place, post in enumerate(row.posts)),
        ("小区", places.get(row.community_id, "") if row.community_id else ("所有小区", "All communities")),
        ("申请人", names(work, [row.asked_by])),
        ("申请时间", local(work, row.asked_at)),
    )


@completion("staffing.register")
def register(context: Context, answers: dict[str, Json]) -> None:
    """Register the account, without any rights and without a password, or say why not.

    Source: policy A1.
    """
    work, given, row = context.work, Answers(answers), cases.of(context)
    work.require(Permission.ACCOUNT_REGISTER)
    if given.outcome == "refuse":
        cases.change(context, state="refused")
        return
    name, phone = cases.opened(work, row, "name"), cases.opened(work, row, "phone")
    entry = staff.Registration(name, given.text("login"), phone, row.department)
    account_id = staff.insert_staff(work, entry)
    staff.log(work, "register_staff", account_id)
    cases.change(context, account_id=account_id)


@completion("staffing.grant")
def grant(context: Context, answers: dict[str, Json]) -> dict[str, Json]:
    """Grant the posts that were asked for.

    Returns:
        {"deviates"}: a further post waits for the security administrator.
    Source: policy A3.
    """
    if not Answers(answers).flag("matches"):
        raise FieldsInvalid({"matches": ("请先核对岗位", {})})
    row = cases.of(context)
    granted = [
        granting.grant_post(context.work, row.account_id, Post(post), row.community_id) for post in row.posts
    ]
    return {"deviates": any(one.is_waiting for one in granted)}


@completion("staffing.approve")
def approve(context: Context, answers: dict[str, Json]) -> dict[str, Json]:
    """Approve the further post, or turn it down; whoever asked is told where no post is left.

    Returns:
        {"has_post"}: without one nobody joins, and the case ends.
    """
    row, is_fine = cases.of(context), Answers(answers).outcome == "approve"
    for one in granting.waiting(context.work):
        if one.account_id == row.account_id:
            (granting.approve if is_fine else granting.refuse)(context.work, one.id)
    has_post = bool(staff.posts_in_force(context.work, [row.account_id]))
    if not has_post:
        cases.change(context, state="refused")
        key, about = f"joining_refused:{row.id}", {"instance_id": str(context.instance_id)}
        item = notification("joining_refused", [f"account:{row.asked_by}"], key, **about)
        context.work.engine.outbox.put_many(context.work.connection, [item], context.work.now)
    return {"has_post": has_post}


@service_task("staffing.hand_over")
def hand_over(context: Context) -> None:
    """Send a first password to the person's own phone; a slip is printed for whoever has none.

    Whoever holds no post, because the only one was turned down, gets none: there is nothing to sign in for.

    Source: policy A2.
    """
    row = cases.of(context)
    if row.phone is not None and staff.posts_in_force(context.work, [row.account_id]):
        staff.send_first_password(context.work, row.account_id)


@completion("staffing.brief")
def brief(context: Context, answers: dict[str, Json]) -> None:
    """Note that the agreement is signed and the test passed.

    Raises:
        FieldsInvalid: one of them is missing.
    """
    given = Answers(answers)
    missing: dict[str, tuple[str, dict[str, object]]] = {
        key: ("入职前必须完成", {}) for key in ("signed", "trained") if not given.flag(key)
    }
    if missing:
        raise FieldsInvalid(missing)
    staff.log(context.work, "briefed", cases.of(context).account_id)


@completion("staffing.settle")
def settle(context: Context, answers: dict[str, Json]) -> None:
    """End the joining once the person has signed in.

    Raises:
        RuleRefused: password, statement or authenticator are still missing.
    """
    row = cases.of(context)
    if Answers(answers).outcome == "reissue":
        return
    if not _has_begun(context.work, row):
        raise RuleRefused("not_begun_yet", "此人还没有完成首次登录（改密码、接受责任声明、绑定动态口令）")
    cases.change(context, state="done")


def _has_begun(work: Work, row: Case) -> bool:
    one = work.connection.execute(select(account).where(account.c.id == row.account_id)).one()
    needs_code = bool(SECOND_FACTOR_POSTS & {held.post for held in staff.posts_in_force(work, [one.id])})
    is_bound = select(account_totp.c.confirmed_at).where(account_totp.c.id == one.id)
    return (
        not one.must_change_password
        and one.responsibility_accepted_at is not None
        and (not needs_code or work.connection.execute(is_bound).scalar_one_or_none() is not None)
    )


def _is_mobile(phone: str) -> bool:
    try:
        normalised_mobile(phone)
    except InvalidIdentity:
        return False
    return True
