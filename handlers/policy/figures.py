"""The living figures behind the policy's clauses, for the communities whose reports the reader may see."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select

from engine import overdue, reports
from engine.overdue import By
from engine.reports import Only
from engine.store.tables import deployment, user_task
from engine.work import Work
from handlers.accounts.permissions import APART
from handlers.accounts.records import account, account_post
from handlers.checking.correction_records import data_correction
from handlers.checking.records import CheckOutcome, second_check
from handlers.estate.queries import is_valid
from handlers.estate.records import (
    CheckState,
    ImportState,
    RelationKind,
    estate_authorisation,
    estate_house,
    estate_import,
    estate_relation,
)
from handlers.moving.records import State, moving_case
from handlers.moving.starting import LIMITS
from handlers.policy import repair_figures, uptime
from handlers.policy.clauses import Asked
from handlers.policy.counting import MONTH, Figure, count, scopes, share, within
from handlers.privacy import retention_nights
from handlers.shared import backup_proof, limits
from handlers.shared.records import access_log

DAY = timedelta(hours=24)
# Policy D2; what is served, such as repairs, has its figures with E1 to E3.
_CLASSES: Mapping[str, tuple[RelationKind, ...]] = {
    "basic": (RelationKind.OWNER, RelationKind.CO_OWNER, RelationKind.TENANT),
    "related": (RelationKind.FAMILY, RelationKind.EMERGENCY_CONTACT),
}


def figure(work: Work, asked: Asked) -> Figure:
    """Compute a figure.

    Raises:
        NotPermitted: the actor reads no reports.
    """
    return FIGURES[asked.name](work, asked.argument)


# --- limits ------------------------------------------------------------------------------------------------


def _kept(work: Work, step: str) -> Figure:
    """Share of a step that was ended within its limit; of every step when none is named.

    Args:
        step: its procedure, the called sheet where it stands in one, and its element, as "repair/accept".
    """
    process, *below = step.split("/")
    element = below[-1] if below else ""
    sheet = below[0] if len(below) > 1 else process if element else None
    only = Only(process_key=process or None, called_process=sheet, step_id=element or None)
    today = work.now.astimezone(work.engine.zone).date()
    rows = reports.kept_by_step(work, today - MONTH, today, only)
    finished = sum(row.finished for row in rows)
    return Figure(finished - sum(row.late for row in rows), finished)


def _overdue(work: Work, _argument: str) -> Figure:
    """Open steps that are late now."""
    return Figure(sum(row.late for row in overdue.overdue_counts(work, By.PROCESS)))


# --- changes of owner and tenant ---------------------------------------------------------------------------


def _changes_of_hands(work: Work) -> list[ColumnElement[bool]]:
    within_24_hours = moving_case.c.kind.in_([kind for kind, limit in LIMITS.items() if limit <= DAY])
    return [within_24_hours, *within(work, moving_case.c.community_id)]


def _changed_in_time(work: Work, _argument: str) -> Figure:
    """Share of changes in force whose records said so within 24 hours of the notice, papers or no papers."""
    times = select(moving_case.c.noticed_at, moving_case.c.done_at).where(
        moving_case.c.done_at > work.now - MONTH, *_changes_of_hands(work)
    )
    took = [row.done_at - row.noticed_at for row in work.connection.execute(times)]
    return Figure(sum(one <= DAY for one in took), len(took))


def _waiting_for_papers(work: Work, _argument: str) -> Figure:
    """Changes that wait for papers now."""
    waits = moving_case.c.state.in_((State.WAITING_PAPERS, State.AWAITING_TITLE))
    return count(work, moving_case, waits, *_changes_of_hands(work))


# --- houses and people -------------------------------------------------------------------------------------


def _houses(work: Work) -> Any:
    return select(estate_house.c.id).where(*within(work, estate_house.c.community_id))


def _pending(work: Work, _argument: str) -> Figure:
    """Relations of people to houses that wait for a second check."""
    waits = estate_relation.c.check_state == CheckState.PENDING
    return count(work, estate_relation, waits, estate_relation.c.house_id.in_(_houses(work)))


def _unasked(work: Work, _argument: str) -> Figure:
    """Relations of present owners who have not been asked yet what their contacts may be used for."""
    owners = estate_relation.c.kind.in_((RelationKind.OWNER, RelationKind.CO_OWNER))
    asked = estate_relation.c.person_id.in_(select(estate_authorisation.c.person_id))
    in_force = estate_relation.c.house_id.in_(_houses(work))
    return count(work, estate_relation, owners, ~asked, is_valid(work), in_force)


def _bound(work: Work, _argument: str) -> Figure:
    """Share of present owners who have an account of their own."""
    present = and_(
        estate_relation.c.kind == RelationKind.OWNER,
        estate_relation.c.valid_from <= work.now,
        estate_relation.c.valid_to.is_(None) | (estate_relation.c.valid_to > work.now),
    )
    has_account = estate_relation.c.person_id.in_(
        select(account.c.person_id).where(account.c.kind == "resident")
    )
    return share(work, estate_relation, has_account, present, estate_relation.c.house_id.in_(_houses(work)))


def _on_record(work: Work, data_class: str) -> Figure:
    """Present relations of people to houses in one class of data, or in any."""
    kinds = _CLASSES.get(data_class, tuple(RelationKind))
    in_force = estate_relation.c.house_id.in_(_houses(work))
    return count(work, estate_relation, estate_relation.c.kind.in_(kinds), is_valid(work), in_force)


# --- second check ------------------------------------------------------------------------------------------


def _checks_waiting(work: Work, _argument: str) -> Figure:
    """Entries that wait for a second person."""
    waits = second_check.c.state == CheckOutcome.WAITING
    return count(work, second_check, waits, *within(work, second_check.c.community_id))


def _checks_late(work: Work, _argument: str) -> Figure:
    """Entries that wait for a second person longer than the limit of their step."""
    late = select(user_task.c.instance_id).where(user_task.c.due_at < work.now)
    waits = (second_check.c.state == CheckOutcome.WAITING, second_check.c.instance_id.in_(late))
    return count(work, second_check, *waits, *within(work, second_check.c.community_id))


def _checks_agreed(work: Work, _argument: str) -> Figure:
    """Share of the entries confirmed lately that agreed when they were checked for the first time."""
    lately = (
        second_check.c.state == CheckOutcome.CONFIRMED,
        second_check.c.checked_at > work.now - MONTH,
        *within(work, second_check.c.community_id),
    )
    return share(work, second_check, second_check.c.mismatches == 0, *lately)


def _corrected_in_time(work: Work, _argument: str) -> Figure:
    """Share of corrections settled lately within 24 hours of the request."""
    times = select(data_correction.c.requested_at, data_correction.c.settled_at).where(
        data_correction.c.settled_at > work.now - MONTH, *within(work, data_correction.c.community_id)
    )
    took = [row.settled_at - row.requested_at for row in work.connection.execute(times)]
    return Figure(sum(one <= DAY for one in took), len(took))


def _imports_waiting(work: Work, _argument: str) -> Figure:
    """Imports that wait for the release by a second person."""
    scopes(work)
    return count(work, estate_import, estate_import.c.state == ImportState.WAITING)


# --- accounts ----------------------------------------------------------------------------------------------


def _staff(work: Work) -> list[ColumnElement[bool]]:
    scopes(work)
    return [account.c.kind == "staff", account.c.state == "active"]


def _accepted(work: Work, _argument: str) -> Figure:
    """Share of staff who have accepted that they answer for their account."""
    return share(work, account, account.c.responsibility_accepted_at.is_not(None), *_staff(work))


def _first_passwords(work: Work, _argument: str) -> Figure:
    """Accounts of staff whose first password nobody has changed yet."""
    return count(work, account, account.c.must_change_password, *_staff(work))


def _granted(work: Work, _argument: str) -> Figure:
    """Share of staff who hold a post."""
    held = select(account_post.c.account_id).where(account_post.c.ended_at.is_(None))
    return share(work, account, account.c.id.in_(held), *_staff(work))


def _together(work: Work, _argument: str) -> Figure:
    """People who hold two posts that one person should not hold together."""
    scopes(work)
    held: dict[int, set[str]] = {}
    for row in work.connection.execute(select(account_post).where(account_post.c.ended_at.is_(None))):
        held.setdefault(row.account_id, set()).add(row.post)
    return Figure(sum(any(pair <= posts for pair in APART) for posts in held.values()))


# --- supervision -------------------------------------------------------------------------------------------


def _logged(work: Work, action: str) -> Figure:
    """Entries of the access log within the last 30 days, of one kind or of all."""
    scopes(work)
    conditions = [access_log.c.at > work.now - MONTH]
    if action:
        conditions.append(access_log.c.action.like(action.replace("_", r"\_") + "%", escape="\\"))
    return count(work, access_log, *conditions)


def _oldest_entry(work: Work, _argument: str) -> Figure:
    """When the oldest entry of the access log was made."""
    scopes(work)
    return Figure(moment=work.connection.execute(select(func.min(access_log.c.at))).scalar_one())


def _changes(work: Work, _argument: str) -> Figure:
    """Deployments within the last 30 days."""
    scopes(work)
    return count(work, deployment, deployment.c.deployed_at > work.now - MONTH)


def _available(work: Work, _argument: str) -> Figure:
    """Share of the last 30 days' minutes in which the platform was up."""
    scopes(work)
    return Figure(*uptime.minutes_up(work))


def _last_backup(work: Work, _argument: str) -> Figure:
    """When everything was copied last."""
    return _last_run(work, backup_proof.BACKUP, limits.BACKUP_EVERY)


def _last_restore_test(work: Work, _argument: str) -> Figure:
    """When a backup was last proved to come back whole."""
    return _last_run(work, backup_proof.RESTORE_TEST, limits.RESTORE_TESTED_EVERY)


def _last_run(work: Work, kind: str, every: timedelta) -> Figure:
    scopes(work)
    return _told(work, backup_proof.last_good(work, kind), every)


def _told(work: Work, at: datetime | None, every: timedelta) -> Figure:
    """Tell when something recurring was done last; a new installation has time for it."""
    since = at or uptime.first_beat(work)
    return Figure(moment=at, is_late=since is not None and since < work.now - every)


def _last_night(work: Work, _argument: str) -> Figure:
    """When every period of retention was last carried out."""
    scopes(work)
    return _told(work, retention_nights.last_night(work), limits.NIGHT_EVERY)


def _at_their_end(work: Work, _argument: str) -> Figure:
    """Rows and people whose period was carried out within the last 30 days."""
    scopes(work)
    return Figure(sum(done.lately for done in retention_nights.done_by_class(work).values()))


def _held_back(work: Work, _argument: str) -> Figure:
    """People who are due to be erased while something stands against it."""
    scopes(work)
    return Figure(sum(done.held_back for done in retention_nights.done_by_class(work).values()))


FIGURES: Mapping[str, Callable[[Work, str], Figure]] = {
    "kept": _kept,
    "overdue": _overdue,
    "phone_entries": repair_figures.phone_entries,
    "answered_by_owner": repair_figures.answered_by_owner,
    "signed_on_site": repair_figures.signed_on_site,
    "without_rework": repair_figures.without_rework,
    "return_visits": repair_figures.return_visits,
    "return_visits_content": repair_figures.return_visits_content,
    "complaints": repair_figures.complaints,
    "complaints_settled": repair_figures.complaints_settled,
    "complaints_late": repair_figures.complaints_late,
    "repaired_again": repair_figures.repaired_again,
    "changed_in_time": _changed_in_time,
    "waiting_for_papers": _waiting_for_papers,
    "pending": _pending,
    "unasked": _unasked,
    "checks_waiting": _checks_waiting,
    "checks_late": _checks_late,
    "checks_agreed": _checks_agreed,
    "corrected_in_time": _corrected_in_time,
    "imports_waiting": _imports_waiting,
    "bound": _bound,
    "on_record": _on_record,
    "accepted": _accepted,
    "first_passwords": _first_passwords,
    "granted": _granted,
    "together": _together,
    "logged": _logged,
    "oldest_entry": _oldest_entry,
    "changes": _changes,
    "available": _available,
    "last_night": _last_night,
    "at_their_end": _at_their_end,
    "held_back": _held_back,
    "last_backup": _last_backup,
    "last_restore_test": _last_restore_test,
}
