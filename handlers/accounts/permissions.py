"""Posts and what each may do: the one table of least privilege."""

from collections.abc import Mapping
from enum import StrEnum

from handlers.shared.permissions import Permission


class Post(StrEnum):
    """Post of a member of staff; the code is also the candidate group that diagrams name."""

    CS = "cs"
    CSL = "csl"
    RP = "rp"
    RPL = "rpl"
    FIN = "fin"
    FINL = "finl"
    PM = "pm"
    QA = "qa"
    ADM = "adm"
    SYS = "sys"
    SEC = "sec"
    AUD = "aud"
    DPO = "dpo"
    ACT = "act"
    VEN = "ven"
    PO = "po"


RESIDENT = "resident"

POST_NAMES: Mapping[str, tuple[str, str]] = {
    RESIDENT: ("业主", "Resident"),
    Post.CS: ("客服", "Customer service"),
    Post.CSL: ("客服主管", "Customer service lead"),
    Post.RP: ("维修", "Repair staff"),
    Post.RPL: ("工程主管", "Engineering lead"),
    Post.FIN: ("财务", "Finance"),
    Post.FINL: ("财务主管", "Finance lead"),
    Post.PM: ("项目经理", "Project manager"),
    Post.QA: ("品质部", "Quality department"),
    Post.ADM: ("行政人事", "Administration"),
    Post.SYS: ("系统管理员", "System administrator"),
    Post.SEC: ("安全管理员", "Security administrator"),
    Post.AUD: ("审计员", "Auditor"),
    Post.DPO: ("个保负责人", "Data protection officer"),
    Post.ACT: ("社区文化专员", "Activities officer"),
    Post.VEN: ("外包单位", "Contractor"),
    Post.PO: ("流程负责人", "Process owner"),
}

_CS = frozenset(
    {
        Permission.CASE_READ,
        Permission.INSTANCE_START,
        Permission.PROCESS_READ,
        Permission.REPORT_READ,
        Permission.HOUSE_READ,
        Permission.OWNER_READ,
        Permission.OWNER_REVEAL_PHONE,
        Permission.OWNER_ENTER,
        Permission.OWNER_CHECK,
        Permission.FAMILY_EDIT,
        Permission.RELATED_READ,
        Permission.SERVICE_READ,
        Permission.UNIT_CONTACTS_READ,
        Permission.STATISTICS_READ,
        Permission.REPAIR_SUBMIT,
        Permission.REPAIR_DISPATCH,
        Permission.REPAIR_RETURN_VISIT,
        Permission.COMPLAINT_SUBMIT,
        Permission.COMPLAINT_HANDLE,
        Permission.EXPORT_ASK,
    }
)
_RP = frozenset(
    {Permission.PROCESS_READ, Permission.REPAIR_SUBMIT, Permission.REPAIR_WORK, Permission.INSTANCE_START}
)
_FIN = frozenset(
    {
        Permission.CASE_READ,
        Permission.PROCESS_READ,
        Permission.HOUSE_READ,
        Permission.OWNER_READ,
        Permission.OWNER_REVEAL_PHONE,
        Permission.FEE_READ,
        Permission.FEE_EDIT,
        Permission.FEE_REPORT_READ,
        Permission.REPAIR_SUBMIT,
        Permission.EXPORT_ASK,
    }
)

# What each post may do within its communities. Nothing here is implied by anything else.
POST_PERMISSIONS: Mapping[Post, frozenset[Permission]] = {
    Post.CS: _CS,
    Post.CSL: _CS
    | {
        Permission.HOUSE_EDIT,
        Permission.HOUSE_CHECK,
        Permission.OWNER_REVEAL_ID,
        Permission.ESTATE_IMPORT,
        Permission.EXPORT_APPROVE,
        Permission.REPAIR_CANCEL,
        Permission.TASK_REASSIGN,
        Permission.TASK_MOVE_DUE,
        Permission.TASK_APPROVE_PAUSE,
        Permission.ROSTER_EDIT,
        Permission.SUBSTITUTE_SET,
    },
    Post.RP: _RP,
    Post.RPL: _RP
    | {
        Permission.CASE_READ,
        Permission.REPORT_READ,
        Permission.HOUSE_READ,
        Permission.OWNER_READ,
        Permission.OWNER_REVEAL_PHONE,
        Permission.SERVICE_READ,
        Permission.REPAIR_DISPATCH,
        Permission.REPAIR_CHECK_QUOTE,
        Permission.TASK_REASSIGN,
        Permission.TASK_MOVE_DUE,
        Permission.TASK_APPROVE_PAUSE,
        Permission.ROSTER_EDIT,
        Permission.SUBSTITUTE_SET,
        Permission.EXPORT_ASK,
    },
    Post.FIN: _FIN,
    Post.FINL: _FIN
    | {
        Permission.FEE_CHECK,
        Permission.OWNER_REVEAL_ID_FOR_CASE,
        Permission.STATISTICS_READ,
        Permission.EXPORT_APPROVE,
        Permission.TASK_REASSIGN,
        Permission.TASK_MOVE_DUE,
        Permission.TASK_APPROVE_PAUSE,
        Permission.SUBSTITUTE_SET,
    },
    Post.PM: frozenset(
        {
            Permission.CASE_READ,
            Permission.PROCESS_READ,
            Permission.PROCESS_APPROVE,
            Permission.REPORT_READ,
            Permission.FEE_REPORT_READ,
            Permission.INSTANCE_START,
            Permission.INSTANCE_OPERATE,
            Permission.TASK_REASSIGN,
            Permission.TASK_MOVE_DUE,
            Permission.TASK_APPROVE_PAUSE,
            Permission.HOUSE_READ,
            Permission.CHECK_ABOVE,
            Permission.OWNER_READ,
            Permission.RELATED_READ,
            Permission.SERVICE_READ,
            Permission.STATISTICS_READ,
            Permission.FEE_READ,
            Permission.REPAIR_SUBMIT,
            Permission.REPAIR_CHECK_QUOTE,
            Permission.REPAIR_CHECK_LARGE_QUOTE,
            Permission.REPAIR_RETURN_VISIT,
            Permission.EXPORT_APPROVE,
            Permission.ROSTER_EDIT,
            Permission.SUBSTITUTE_SET,
            Permission.ACCOUNT_READ,
        }
    ),
    Post.QA: frozenset(
        {
            Permission.CASE_READ,
            Permission.PROCESS_READ,
            Permission.PROCESS_APPROVE,
            Permission.REPORT_READ,
            Permission.FEE_REPORT_READ,
        }
    ),
    Post.ADM: frozenset(
        {
            Permission.ACCOUNT_READ,
            Permission.ACCOUNT_REGISTER,
            Permission.CALENDAR_PUBLISH,
            Permission.REPAIR_SUBMIT,
        }
    ),
    Post.SYS: frozenset(
        {
            Permission.PROCESS_READ,
            Permission.PROCESS_DEPLOY,
            Permission.INSTANCE_OPERATE,
            Permission.ACCOUNT_READ,
            Permission.ACCOUNT_GRANT,
            Permission.ACCOUNT_UNLOCK,
            Permission.ACCOUNT_END_SESSIONS,
            Permission.SYSTEM_CONFIGURE,
            Permission.TECH_LOG_READ,
            Permission.MESSAGES_READ,
        }
    ),
    Post.SEC: frozenset(
        {
            Permission.ACCOUNT_READ,
            Permission.ACCOUNT_APPROVE_DEVIATION,
            Permission.ACCOUNT_END_SESSIONS,
            Permission.SECURITY_LOG_READ,
        }
    ),
    Post.AUD: frozenset(
        {
            Permission.AUDIT_READ,
            Permission.ACCOUNT_READ,
            Permission.PROCESS_READ,
            Permission.STATISTICS_READ,
        }
    ),
    Post.DPO: frozenset(
        {
            Permission.ACCESS_LOG_READ,
            Permission.EXPORT_APPROVE,
            Permission.PERSON_ERASE,
            Permission.OWN_DATA_HAND_OUT,
            Permission.OWNER_READ,
            Permission.OWNER_REVEAL_ID_FOR_CASE,
            Permission.STATISTICS_READ,
        }
    ),
    Post.ACT: frozenset({Permission.INSTANCE_START, Permission.PROCESS_READ}),
    Post.VEN: frozenset({Permission.REPAIR_WORK}),
    Post.PO: frozenset({Permission.PROCESS_READ, Permission.PROCESS_DRAFT, Permission.REPORT_READ}),
}

# Who holds these separately guarded posts is replaced by appointing somebody, never by substitution.
NOT_BY_SUBSTITUTION = frozenset({Post.SYS, Post.SEC, Post.AUD})

# Whoever stands in for one of these approves or sees much: the security administrator agrees first.
LENT_BY_APPROVAL = frozenset({Post.DPO, Post.PM, Post.QA, Post.ADM, Post.FINL})

# Whoever holds one of these opens accounts, gives rights, approves or watches: two people appoint them.
GUARDED_POSTS = frozenset({Post.ADM, Post.SYS, Post.SEC, Post.AUD, Post.DPO})

# Whoever holds one of these proves it with an authenticator at every sign-in.
SECOND_FACTOR_POSTS = frozenset({Post.SYS, Post.SEC, Post.AUD, Post.FINL})

# Tasks of these posts go to whoever is on shift.
SHIFT_POSTS = frozenset({Post.CS, Post.RP})

# The shift lead holds the lanes of those who sleep, for as long as the shift lasts.
SHIFT_LEAD_POSTS = (Post.CS, Post.RPL)

# A post's own lead, asked when nobody is on shift.
LEADS: Mapping[str, Post] = {Post.CS: Post.CSL, Post.RP: Post.RPL, Post.FIN: Post.FINL}

# Who does what nobody of a post can, all being barred or away: a manager, for them quality, and for quality
# administration, which also appoints people. What is of other posts, such as finance or data protection,
# waits until somebody is appointed.
LAST_RESORT: Mapping[str, Post] = {
    **dict.fromkeys((Post.CS, Post.CSL, Post.RP, Post.RPL), Post.PM),
    Post.PM: Post.QA,
    Post.QA: Post.ADM,
}

_FAMILY = frozenset(
    {
        Permission.CASE_READ,
        Permission.HOUSE_READ,
        Permission.REPAIR_SUBMIT,
        Permission.REPAIR_CONFIRM,
        Permission.COMPLAINT_SUBMIT,
    }
)

# What a person related to a house may do for it, by kind of relation.
RELATION_PERMISSIONS: Mapping[str, frozenset[Permission]] = {
    "owner": _FAMILY | {Permission.REPAIR_APPROVE_QUOTE, Permission.FAMILY_EDIT, Permission.FEE_READ},
    "co_owner": _FAMILY | {Permission.REPAIR_APPROVE_QUOTE, Permission.FAMILY_EDIT, Permission.FEE_READ},
    "agent": _FAMILY | {Permission.REPAIR_APPROVE_QUOTE},
    "tenant": _FAMILY,
    "family": _FAMILY,
}

# Posts that one person should not hold together; a small company is warned, not stopped.
APART = (frozenset({Post.SYS, Post.SEC}), frozenset({Post.SYS, Post.AUD}), frozenset({Post.SEC, Post.AUD}))
