"""A member of staff forgot the password: the lead knows the person, an administrator has a new one sent."""

from datetime import timedelta

from sqlalchemy import func, select

from engine import instances
from engine.ids import new_id
from engine.ports import Json, OutboxItem
from engine.service_tasks import Context, completion, form_data
from engine.work import SYSTEM, Engine, Work
from handlers.accounts import leads, sign_in, staff, trust
from handlers.accounts.logins import login_index
from handlers.accounts.permissions import Post
from handlers.accounts.records import account, account_login
from handlers.errors import ActionNotAllowed
from handlers.shared import limits, outbox
from handlers.shared.answers import Answers
from handlers.shared.facts import Pairs, local, names, pairs
from handlers.shared.masks import mask_phone
from handlers.shared.outbox import JobContext
from handlers.shared.sealed import vault_of
from handlers.staffing import cases
from handlers.staffing.cases import Case
from handlers.staffing.records import staffing_case

PROCESS = "staff_password"
KIND = "password"
JOB = "staff_password"
_START = "staff_password_forgotten"
_LETTER = "K"


def ask(engine: Engine, login: str, address: str) -> None:
    """Have the lead of whoever signs in by a login asked; nobody learns whether there is such an account.

    Whether there is one is looked up later, in the background: the time of the answer tells nothing.
    One request of a person goes on at a time, and a few in a day.

    Args:
        address: network address that the request comes from.
    Raises:
        SlowDown: too many from this address.
    Source: policy A2.
    """
    if not login.strip() or len(login) > limits.LONGEST_LOGIN:
        return
    vault = vault_of(engine)
    job = OutboxItem(JOB, {"login_index": login_index(vault, login)}, f"{JOB}:{new_id()}")

    def put(work: Work) -> None:
        index = vault.blind_index("staff_password_address", address)
        sign_in.count_failure(work, index, limits.ADDRESS_FREE_FAILURES)
        outbox.put(work, job)

    engine.run(SYSTEM, put)


def begin(context: JobContext) -> None:
    """Start the case of whoever signs in by a login, if there is anybody; run by the outbox."""
    index = str(context.job.args["login_index"])

    def start(work: Work) -> None:
        _start_for(work, index)
        context.done(work)

    context.engine.run(SYSTEM, start)


def _start_for(work: Work, index: str) -> None:
    account_id = work.connection.execute(
        select(account.c.id)
        .join(account_login, account_login.c.account_id == account.c.id)
        .where(
            account_login.c.login_index == index,
            account.c.kind == "staff",
            account.c.state == "active",
        )
        .with_for_update(of=account)
    ).scalar_one_or_none()
    if account_id is None or _asked_enough(work, account_id):
        return
    places = (row.community_id for row in staff.posts_in_force(work, [account_id]))
    scope_id = cases.scope_for(work, min((one for one in places if one is not None), default=None))
    lead_id = _lead_of(work, account_id, scope_id)
    if lead_id is None:
        return
    row = cases.write(work, _LETTER, scope_id, {"kind": KIND, "account_id": account_id})
    staff.log(work, "ask_staff_password", account_id)
    subject = instances.Subject(row.number, scope_id, title="员工密码重置", title_en="Password of staff")
    instances.start(work, PROCESS, subject, message=_START, variables={"lead_id": str(lead_id)})


def _asked_enough(work: Work, account_id: int) -> bool:
    mine = (staffing_case.c.account_id == account_id, staffing_case.c.kind == KIND)
    is_open = select(staffing_case.c.id).where(*mine, staffing_case.c.state == "open").limit(1)
    if work.connection.execute(is_open).first() is not None:
        return True
    today = select(func.count()).where(*mine, staffing_case.c.asked_at > work.now - timedelta(days=1))
    return int(work.connection.execute(today).scalar_one()) >= limits.CODES_PER_DAY


def _lead_of(work: Work, account_id: int, scope_id: int) -> int | None:
    """Return who leads somebody; whom nobody leads, security administrators know."""
    found = leads.leads_of(work, account_id)
    if not found:
        watchers = work.engine.directory.recipients(work.connection, Post.SEC, scope_id, work.now)
        found = set(watchers) - {account_id}
    return min(found, default=None)


@form_data("staffing.forgotten_facts")
def forgotten_facts(context: Context) -> dict[str, Json]:
    """Say whose password it is, and where the new one will go."""
    return {"facts": said(context.work, cases.of(context))}


def said(work: Work, row: Case) -> Pairs:
    """Say whose password it is; for queries that have asked who may."""
    one = work.connection.execute(select(account).where(account.c.id == row.account_id)).one()
    phone = "" if one.phone is None else work.engine.vault.open("account", "phone", one.id, one.phone)
    return pairs(
        ("编号", row.number),
        ("姓名", names(work, [row.account_id])),
        ("部门", one.department),
        ("手机", mask_phone(phone)),
        ("申请时间", local(work, row.asked_at)),
        ("怎样核实的", cases.opened(work, row, "note")),
    )


@completion("staffing.know_person")
def know_person(context: Context, answers: dict[str, Json]) -> None:
    """Take the lead's word on whether it was the person who asked, and how that was found out.

    Raises:
        ActionNotAllowed: nobody speaks for themselves.
    """
    row, given = cases.of(context), Answers(answers)
    _require_other(context.work, row)
    seal = context.work.engine.vault.seal
    cases.change(context, note=seal("staffing_case", "note", row.id, given.text("how")))
    if given.outcome == "refuse":
        cases.change(context, state="refused")
    staff.log(context.work, f"{given.outcome}_staff_password", row.account_id)


@completion("staffing.send_password")
def send_password(context: Context, answers: dict[str, Json]) -> None:
    """Send a first password to the person's own phone: it lapses after three days and has to be changed.

    Raises:
        ActionNotAllowed: nobody does this for themselves, or within a day of a reset of their own.
        RuleRefused: the phone was changed a short while ago.
    Source: policy A2.
    """
    work, row = context.work, cases.of(context)
    _require_other(work, row)
    trust.require_settled(work)
    if Answers(answers).outcome == "refuse":
        cases.change(context, state="refused")
        return
    staff.send_first_password(work, row.account_id)
    trust.begin_cool_off_unless_new(work, row.account_id)
    staff.log(work, "reset_staff_password", row.account_id)
    cases.change(context, state="done")


def _require_other(work: Work, row: Case) -> None:
    if work.actor.id == row.account_id:
        raise ActionNotAllowed("own_password", "自己的密码须由他人核实和发放")
