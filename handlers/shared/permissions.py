"""Every permission there is; which post holds which stands in accounts."""

from enum import StrEnum


class Permission(StrEnum):
    """What a command or a query asks for before it does anything.

    Staff hold a permission in a community or everywhere, residents in a house.
    """

    # procedures
    PROCESS_READ = "process.read"
    PROCESS_DRAFT = "process.draft"
    PROCESS_DEPLOY = "process.deploy"
    PROCESS_APPROVE = "process.approve"
    INSTANCE_START = "instance.start"
    INSTANCE_OPERATE = "instance.operate"
    TASK_REASSIGN = "task.reassign"
    TASK_MOVE_DUE = "task.move_due"
    TASK_APPROVE_PAUSE = "task.approve_pause"
    CALENDAR_PUBLISH = "calendar.publish"
    CASE_READ = "case.read"
    REPORT_READ = "report.read"
    FEE_REPORT_READ = "report.read_fees"
    # houses and people
    HOUSE_READ = "house.read"
    HOUSE_EDIT = "house.edit"
    HOUSE_CHECK = "house.check"
    CHECK_ABOVE = "check.above"  # where the only lead entered it
    OWNER_READ = "owner.read"
    OWNER_REVEAL_PHONE = "owner.reveal_phone"
    OWNER_REVEAL_ID = "owner.reveal_id"
    OWNER_REVEAL_ID_FOR_CASE = "owner.reveal_id_for_case"  # only with a case about the house
    OWNER_ENTER = "owner.enter"
    OWNER_CHECK = "owner.check"
    FAMILY_EDIT = "family.edit"
    RELATED_READ = "related.read"  # family, emergency contacts, vehicles, parking
    SERVICE_READ = "service.read"  # what was repaired and complained about at a house
    UNIT_CONTACTS_READ = "unit_contacts.read"
    STATISTICS_READ = "statistics.read"
    ESTATE_IMPORT = "estate.import"
    # repair
    REPAIR_SUBMIT = "repair.submit"
    REPAIR_DISPATCH = "repair.dispatch"
    REPAIR_WORK = "repair.work"
    REPAIR_CONFIRM = "repair.confirm"
    REPAIR_APPROVE_QUOTE = "repair.approve_quote"
    REPAIR_CHECK_QUOTE = "repair.check_quote"
    REPAIR_CHECK_LARGE_QUOTE = "repair.check_large_quote"
    REPAIR_RETURN_VISIT = "repair.return_visit"
    REPAIR_CANCEL = "repair.cancel"
    # fees
    FEE_READ = "fee.read"
    FEE_EDIT = "fee.edit"
    FEE_CHECK = "fee.check"
    # complaints
    COMPLAINT_SUBMIT = "complaint.submit"
    COMPLAINT_HANDLE = "complaint.handle"
    # accounts
    ACCOUNT_READ = "account.read"
    ACCOUNT_REGISTER = "account.register"
    ACCOUNT_GRANT = "account.grant"
    ACCOUNT_UNLOCK = "account.unlock"
    ACCOUNT_END_SESSIONS = "account.end_sessions"
    ACCOUNT_APPROVE_DEVIATION = "account.approve_deviation"
    ROSTER_EDIT = "roster.edit"
    SUBSTITUTE_SET = "substitute.set"
    # operation and supervision
    SYSTEM_CONFIGURE = "system.configure"
    SECURITY_LOG_READ = "log.read_security"
    TECH_LOG_READ = "log.read_tech"
    AUDIT_READ = "log.read_all"
    ACCESS_LOG_READ = "log.read_personal_access"
    EXPORT_ASK = "export.ask"
    EXPORT_APPROVE = "export.approve"
    PERSON_ERASE = "person.erase"
    OWN_DATA_HAND_OUT = "own_data.hand_out"
    MESSAGES_READ = "outbox.read"
