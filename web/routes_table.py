"""Says for every route who may call it; a route that stands not here is closed to everybody."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from handlers.shared.permissions import Permission

if TYPE_CHECKING:
    from web.person import Person


@dataclass(frozen=True)
class Access:
    """Who may call a route.

    Attributes:
        who: the kind of account; "any" is everybody signed in, "public" needs no account.
        permissions: one of them is needed somewhere; empty means the kind is enough. The command behind the
            route asks again, for the very place and thing it acts on.
        unfinished: open before the first password was changed.
        unbound: open before an authenticator was bound, once the first password was changed.
        unproven: open before a code of the authenticator was given.
        fresh: the password must have been given a short while ago; it is asked for again where it was not.
    """

    who: Literal["public", "any", "staff", "resident"]
    permissions: tuple[Permission, ...] = ()
    unfinished: bool = False
    unbound: bool = False
    unproven: bool = False
    fresh: bool = False

    def admits(self, person: "Person") -> bool:
        """Tell whether somebody who is signed in may call it."""
        if self.who not in ("any", "public", person.actor.kind):
            return False
        return not self.permissions or person.may(*self.permissions)


PUBLIC = Access("public", unfinished=True)
ANY = Access("any")
STAFF = Access("staff")
RESIDENT = Access("resident")
FIRST_STEPS = Access("any", unfinished=True)
UNBOUND = Access("any", unbound=True)
UNPROVEN = Access("any", unfinished=True, unproven=True)


def _staff(*permissions: Permission) -> Access:
    return Access("staff", permissions)


def _fresh(access: Access) -> Access:
    return replace(access, fresh=True)


_READS_HOUSES = _staff(Permission.HOUSE_READ, Permission.OWNER_READ)
WATCHERS = _staff(
    Permission.SECURITY_LOG_READ, Permission.TECH_LOG_READ, Permission.AUDIT_READ, Permission.ACCESS_LOG_READ
)
_LOOK_READERS = _staff(Permission.SECURITY_LOG_READ, Permission.AUDIT_READ, Permission.ACCESS_LOG_READ)
_REVEALS = _staff(
    Permission.OWNER_REVEAL_PHONE, Permission.OWNER_REVEAL_ID, Permission.OWNER_REVEAL_ID_FOR_CASE
)
_EXPORTS = _staff(
    Permission.EXPORT_ASK,
    Permission.EXPORT_APPROVE,
    Permission.ACCESS_LOG_READ,
    Permission.AUDIT_READ,
    Permission.SECURITY_LOG_READ,
)

ROUTES: Mapping[str, Access] = {
    "static": PUBLIC,
    "operation.health": PUBLIC,
    "operation.metrics": PUBLIC,  # loopback or token, checked by the view itself
    "offline.worker": PUBLIC,  # holds no data: what a browser needs to say that there is no network
    "offline.page": PUBLIC,
    "language.choose": PUBLIC,
    "text_size.choose": PUBLIC,
    "look.choose": PUBLIC,
    "look.design": _staff(Permission.SYSTEM_CONFIGURE),
    "signin.sign_in": PUBLIC,
    "signin.enter": PUBLIC,
    "signin.sign_out": UNPROVEN,
    "signin.forgot_form": PUBLIC,
    "signin.forgot": PUBLIC,  # tells nobody which logins there are
    "agreed.show": PUBLIC,  # what anybody may be asked to agree to
    "owners.register_form": PUBLIC,  # the commands behind these tell nobody what is on record
    "owners.register": PUBLIC,
    "owners.forgot_form": PUBLIC,
    "owners.forgot": PUBLIC,
    "owners.code_form": PUBLIC,
    "owners.prove": PUBLIC,
    "owners.password_form": PUBLIC,
    "owners.set_password": PUBLIC,
    "helping.code_form": PUBLIC,
    "helping.enter": PUBLIC,
    "helping.form": _staff(Permission.OWNER_ENTER),
    "helping.ask": _fresh(_staff(Permission.OWNER_ENTER)),
    "home.index": PUBLIC,
    "account.first_steps": FIRST_STEPS,
    "account.finish_first_steps": FIRST_STEPS,
    "second_factor.show": UNBOUND,
    "second_factor.begin": UNBOUND,
    "second_factor.enrol": UNBOUND,
    "second_factor.code": UNPROVEN,
    "second_factor.prove": UNPROVEN,
    "proving.prove": ANY,
    "account.password": ANY,  # asks for the old one itself
    "account.change_password": ANY,
    "account.sessions": ANY,
    "account.end_session": ANY,
    "account.token": ANY,
    "attachments.take_in": ANY,
    "attachments.discard": ANY,
    "attachments.waiting": ANY,
    "attachments.drop": ANY,
    "attachments.show": ANY,
    "attachments.small": ANY,
    "inbox.index": STAFF,
    "inbox.counts": STAFF,
    "inbox.act": _staff(Permission.TASK_REASSIGN, Permission.TASK_MOVE_DUE),
    "filters.keep": STAFF,
    "filters.delete": STAFF,
    "reminders.remind": STAFF,
    "reminders.drop": STAFF,
    "reminders.done": STAFF,
    "tasks.show": STAFF,
    "tasks.claim": STAFF,
    "tasks.release": STAFF,
    "tasks.reassign": STAFF,
    "tasks.pause": STAFF,
    "tasks.unpause": STAFF,
    "tasks.move": _staff(Permission.TASK_MOVE_DUE),
    "tasks.comment": STAFF,
    "tasks.complete": STAFF,
    "tasks.draft": STAFF,
    "tasks.discard_draft": STAFF,
    "tasks.follow": STAFF,
    "tasks.unfollow": STAFF,
    "tasks.redraw": STAFF,
    "crew.index": _staff(Permission.REPAIR_WORK),
    "crew.fresh": _staff(Permission.REPAIR_WORK),
    "crew.ringing": STAFF,
    "crew.price_list": _staff(Permission.REPAIR_WORK),
    "cases.find": STAFF,
    "cases.show": STAFF,
    "cases.diagram": STAFF,
    "cases.comment": STAFF,
    "cases.cancel": STAFF,
    "cases.suspend": _staff(Permission.INSTANCE_OPERATE),
    "cases.resume": _staff(Permission.INSTANCE_OPERATE),
    "checks.index": _staff(Permission.OWNER_CHECK, Permission.HOUSE_CHECK, Permission.FEE_CHECK),
    "corrections.form": _staff(Permission.OWNER_ENTER),
    "corrections.ask": _staff(Permission.OWNER_ENTER),
    "corrections.own": RESIDENT,
    "corrections.ask_own": _fresh(RESIDENT),
    "corrections.send_codes": RESIDENT,
    "corrections.prove": RESIDENT,
    "corrections.add_evidence": RESIDENT,
    "corrections.withdraw": RESIDENT,
    "desk.index": _staff(Permission.REPAIR_DISPATCH),
    "desk.call": _staff(Permission.REPAIR_DISPATCH),
    "desk.same": _staff(Permission.REPAIR_DISPATCH),
    "desk.caller": _staff(Permission.REPAIR_DISPATCH),
    "houses.index": _READS_HOUSES,
    "houses.find": _READS_HOUSES,
    "houses.suggest": _staff(Permission.HOUSE_READ),
    "houses.found": _READS_HOUSES,
    "houses.unit": _staff(Permission.HOUSE_READ),
    "houses.unasked": _staff(Permission.OWNER_ENTER),
    "houses.statistics": _staff(Permission.STATISTICS_READ),
    "houses.show": _READS_HOUSES,
    "houses.checked": _staff(Permission.OWNER_ENTER),
    "houses.agree": _staff(Permission.OWNER_ENTER),
    "houses.add_vehicle": _staff(Permission.FAMILY_EDIT),
    "houses.end_vehicle": _staff(Permission.FAMILY_EDIT),
    "houses.add_parking": _staff(Permission.FAMILY_EDIT),
    "houses.end_parking": _staff(Permission.FAMILY_EDIT),
    "moving.index": _staff(Permission.OWNER_ENTER),
    "moving.begin": _staff(Permission.OWNER_ENTER),
    "moving.take_back": _staff(Permission.OWNER_ENTER),
    "reveals.ask": _REVEALS,
    "reveals.reveal": _fresh(_REVEALS),
    "reveals.contacts": _staff(Permission.UNIT_CONTACTS_READ),
    "reveals.open_contacts": _fresh(_staff(Permission.UNIT_CONTACTS_READ)),
    "reveals.ask_more": _staff(Permission.OWNER_REVEAL_PHONE, Permission.UNIT_CONTACTS_READ),
    "overdue.index": _staff(Permission.REPORT_READ),
    "overdue.act": _staff(Permission.TASK_REASSIGN),
    "policy.index": _staff(Permission.REPORT_READ),
    "retention.index": _staff(Permission.ACCESS_LOG_READ, Permission.AUDIT_READ),
    "processes.index": _staff(Permission.PROCESS_READ),
    "processes.show": _staff(Permission.PROCESS_READ),
    "processes.diagram": _staff(Permission.PROCESS_READ),
    "processes.file": _staff(Permission.PROCESS_DRAFT, Permission.PROCESS_DEPLOY),
    "processes.deploy_form": _staff(Permission.PROCESS_DRAFT, Permission.PROCESS_DEPLOY),
    "processes.deploy": _staff(Permission.PROCESS_DRAFT, Permission.PROCESS_DEPLOY),
    "processes.change": _staff(Permission.PROCESS_READ),
    "processes.approve": _staff(Permission.PROCESS_APPROVE),
    "processes.refuse": _staff(Permission.PROCESS_APPROVE),
    "processes.withdraw": _staff(Permission.PROCESS_DRAFT, Permission.PROCESS_DEPLOY),
    "imports.index": _staff(Permission.ESTATE_IMPORT, Permission.HOUSE_CHECK),
    "imports.upload": _staff(Permission.ESTATE_IMPORT),
    "imports.show": _staff(Permission.ESTATE_IMPORT, Permission.HOUSE_CHECK),
    "imports.problems": _staff(Permission.ESTATE_IMPORT, Permission.HOUSE_CHECK),
    "imports.release": _staff(Permission.HOUSE_CHECK),
    "imports.undo": _staff(Permission.ESTATE_IMPORT, Permission.HOUSE_CHECK),
    "jobs.index": STAFF,
    "jobs.show": STAFF,
    "jobs.part": STAFF,
    "jobs.stop": STAFF,
    "jobs.go_on": STAFF,
    "incidents.index": _staff(Permission.INSTANCE_OPERATE),
    "incidents.retry": _staff(Permission.INSTANCE_OPERATE),
    "incidents.correct": _staff(Permission.INSTANCE_OPERATE),
    "incidents.cancel": _staff(Permission.INSTANCE_OPERATE),
    "incidents.unlock": _staff(Permission.INSTANCE_OPERATE),
    "outbox.index": _staff(Permission.MESSAGES_READ),
    "repairs.contact": STAFF,
    "repairs.reveal": STAFF,
    "repairs.acknowledge": STAFF,
    "roster.index": STAFF,
    "roster.plan": STAFF,  # who plans whose shifts is asked by the commands: a lead of a team has no post
    "roster.copy": STAFF,
    "roster.add_form": STAFF,
    "roster.add": STAFF,
    "roster.shift": STAFF,
    "roster.change": STAFF,
    "roster.remove": STAFF,
    "team.person": STAFF,
    "team.skills": _staff(Permission.ROSTER_EDIT),
    "team.away": STAFF,
    "team.end_leave": STAFF,
    "team.end_substitution": _staff(Permission.SUBSTITUTE_SET),
    "team.show_teams": _staff(Permission.ROSTER_EDIT),
    "team.create_team": _staff(Permission.ROSTER_EDIT),
    "team.set_members": _staff(Permission.ROSTER_EDIT),
    "team.settings": _staff(Permission.ROSTER_EDIT),
    "team.set_templates": _staff(Permission.ROSTER_EDIT),
    "team.set_covers": _staff(Permission.ROSTER_EDIT),
    "staff.index": _staff(Permission.ACCOUNT_READ),
    "staff.new": _staff(Permission.ACCOUNT_REGISTER),
    "staff.register": _staff(Permission.ACCOUNT_REGISTER),
    "joining.form": _staff(Permission.ACCOUNT_REGISTER, Permission.SUBSTITUTE_SET),
    "joining.ask": _staff(Permission.ACCOUNT_REGISTER, Permission.SUBSTITUTE_SET),
    "joining.leave": _staff(Permission.ACCOUNT_REGISTER),
    "staff.show": _staff(Permission.ACCOUNT_READ),
    "staff.change": _staff(Permission.ACCOUNT_REGISTER),
    "staff.change_phone": _fresh(_staff(Permission.ACCOUNT_REGISTER)),
    "staff.confirm_phone": _fresh(_staff(Permission.ACCOUNT_GRANT)),
    "staff.reissue": _fresh(_staff(Permission.ACCOUNT_REGISTER)),
    "staff.slip": _fresh(_staff(Permission.ACCOUNT_REGISTER)),
    "staff.slip_picture": _staff(Permission.ACCOUNT_REGISTER),
    "staff.disable": _staff(Permission.ACCOUNT_REGISTER),
    "staff.enable": _staff(Permission.ACCOUNT_REGISTER),
    "staff.wake": _fresh(_staff(Permission.ACCOUNT_UNLOCK)),
    "staff.unlock": _staff(Permission.ACCOUNT_UNLOCK),
    "staff.end_sessions": _staff(Permission.ACCOUNT_END_SESSIONS),
    "staff.ask_reset": _staff(Permission.ACCOUNT_END_SESSIONS),
    "staff.confirm_reset": _fresh(_staff(Permission.ACCOUNT_END_SESSIONS, Permission.ACCOUNT_REGISTER)),
    "staff.grant": _fresh(_staff(Permission.ACCOUNT_GRANT)),
    "staff.end_post": _staff(Permission.ACCOUNT_GRANT),
    "staff.approve_substitution": _fresh(_staff(Permission.ACCOUNT_APPROVE_DEVIATION)),
    "staff.refuse_substitution": _staff(Permission.ACCOUNT_APPROVE_DEVIATION),
    "staff.approve": _fresh(_staff(Permission.ACCOUNT_APPROVE_DEVIATION)),
    "staff.refuse": _staff(Permission.ACCOUNT_APPROVE_DEVIATION),
    "exports.index": _EXPORTS,
    "exports.form": _staff(Permission.EXPORT_ASK),
    "exports.ask": _fresh(_staff(Permission.EXPORT_ASK)),
    "exports.show": _EXPORTS,
    "exports.fetch": _fresh(_staff(Permission.EXPORT_ASK)),
    "exports.make_again": _staff(Permission.EXPORT_ASK),
    "exports.withdraw": _staff(Permission.EXPORT_ASK),
    "exports.trace": _staff(Permission.ACCESS_LOG_READ),
    "privacy.own": RESIDENT,
    "privacy.withdraw_consent": RESIDENT,  # never made harder than it was to agree
    "privacy.ask_own": _fresh(RESIDENT),
    "privacy.drop": RESIDENT,
    "privacy.fetch_own": _fresh(RESIDENT),
    "privacy.form": _staff(Permission.OWNER_ENTER),
    "privacy.ask": _fresh(_staff(Permission.OWNER_ENTER)),
    "privacy.waiting": _staff(Permission.OWN_DATA_HAND_OUT),
    "privacy.hand_out": _fresh(_staff(Permission.OWN_DATA_HAND_OUT)),
    "safety.odd": UNPROVEN,  # an account that is not finished yet may be in wrong hands already
    "safety.report": UNPROVEN,
    "safety.sent": UNPROVEN,
    "safety.index": WATCHERS,
    "safety.looks": _LOOK_READERS,
    "safety.looks_of": _LOOK_READERS,
    "safety.show": STAFF,
    "safety.make_incident": _staff(Permission.SECURITY_LOG_READ, Permission.TECH_LOG_READ),
    "safety.run_again": _staff(Permission.SYSTEM_CONFIGURE),
    "safety.run_job_again": _staff(Permission.SYSTEM_CONFIGURE),
    "safety.close_alarm": _staff(Permission.SECURITY_LOG_READ, Permission.TECH_LOG_READ),
    "samples.index": _staff(Permission.AUDIT_READ),
    "samples.mark": _staff(Permission.AUDIT_READ),
    "search.index": STAFF,
    "search.begin": STAFF,
    "search.show": STAFF,
    "shift.index": STAFF,
    "shift.begin": STAFF,
    "shift.end": STAFF,
    "workdays.index": _staff(Permission.CALENDAR_PUBLISH),
    "workdays.add": _staff(Permission.CALENDAR_PUBLISH),
    "workdays.remove": _staff(Permission.CALENDAR_PUBLISH),
    "workdays.import_file": _staff(Permission.CALENDAR_PUBLISH),
    "household.index": RESIDENT,
    "household.add_member": RESIDENT,
    "household.add_vehicle": RESIDENT,
    "household.end_vehicle": RESIDENT,
    "household.end_member": RESIDENT,
    "household.confirm": RESIDENT,
    "letting.index": RESIDENT,
    "letting.ask": RESIDENT,
    "letting.answer": RESIDENT,
    "resident.index": RESIDENT,
    "resident.report_form": RESIDENT,
    "resident.report": RESIDENT,
    "resident.keep_report": RESIDENT,
    "resident.discard_report": RESIDENT,
    "resident.case": RESIDENT,
    "resident.answer": RESIDENT,
    "resident.redraw": RESIDENT,
    "resident.add": RESIDENT,
    "resident.withdraw": RESIDENT,
    "resident.move_visit": RESIDENT,
    "resident.state": RESIDENT,
    "resident.reopen": RESIDENT,
    "unsent.keep": RESIDENT,
    "unsent.forget": RESIDENT,
}
