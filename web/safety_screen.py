"""What the page of incidents and alarms shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flask_babel.speaklater import LazyString

from engine import cases
from engine.work import Work
from handlers.accounts import dormancy, habits, password_seals, recovery
from handlers.estate import emergencies
from handlers.safety import dead_jobs, incidents, verified
from handlers.safety.verified import Verified
from handlers.safety.words import GRADES, KINDS, REASONS, STATES
from handlers.shared import alarms, outbox, tally
from handlers.shared.permissions import Permission
from web.texts import lazy_gettext
from web.words import either, listed, person_names, said, written

_LOOKS = {"open": "late", "false_alarm": "", "closed": "fine"}
_ALARMS: Mapping[str, LazyString] = {
    outbox.DEAD_JOB: lazy_gettext("后台任务多次失败"),
    "unanswered_call": lazy_gettext("紧急呼叫无人接听"),
    "unreachable": lazy_gettext("消息送不到收件人"),
    "reveal_quota": lazy_gettext("查看业主电话超过限额"),
    "unit_contacts_quota": lazy_gettext("查看单元业主电话超过限额"),
    "posts_suspended": lazy_gettext("岗位无人复核，已停用"),
    "dormant_account": lazy_gettext("账号 90 天没有人使用，请核查"),
    alarms.GRANTED_ALONE: lazy_gettext("首位安全管理员上任前，岗位由此人单独授予，请到“员工账号”逐项核对"),
    alarms.LOG_BROKEN: lazy_gettext("访问日志核对不符，可能被改动，请在服务器上运行 wuye audit verify"),
    "owner_rows": lazy_gettext("一天内翻看的业主太多"),
    tally.SEARCHES_ALARM: lazy_gettext("一天内按电话或姓名查找太多次，可能在猜号码"),
    "reported": lazy_gettext("有人报告异常，没有人收到"),
    "account_recovered": lazy_gettext("命令行重置了账号的密码和动态口令"),
    password_seals.ALARM: lazy_gettext("密码在数据库里被人改动，登录已拒绝，请重发初始密码"),
    "sim_fraud": lazy_gettext("找回密码疑似冒用，账号已锁定"),
    emergencies.ALARM: lazy_gettext("以“紧急”查看了业主电话，请核实"),
    "unusual_sign_in": lazy_gettext("异常登录"),
}
_JOBS: Mapping[str, LazyString] = {
    "notify": lazy_gettext("准备消息"),
    "deliver": lazy_gettext("发送消息"),
    "call": lazy_gettext("紧急呼叫"),
    "ring": lazy_gettext("紧急呼叫"),
    "first_password": lazy_gettext("发送初始密码"),
    "old_phone": lazy_gettext("通知原手机号"),
    "long_work": lazy_gettext("导入名单等长任务"),
    "tell_stuck": lazy_gettext("通知流程停住"),
    "tell_stuck_again": lazy_gettext("通知流程停住"),
    "owner_code": lazy_gettext("发送验证码"),
    "help_code": lazy_gettext("发送验证码"),
    "import_waits": lazy_gettext("准备消息"),
    "import_settled": lazy_gettext("准备消息"),
    "export_file": lazy_gettext("生成导出文件"),
    "export_failed": lazy_gettext("准备消息"),
    "request_file": lazy_gettext("生成本人信息文件"),
    "request_file_failed": lazy_gettext("准备消息"),
    "staff_password": lazy_gettext("开始员工找回密码"),
}
_NAMED = (
    emergencies.ALARM,
    habits.ALARM,
    alarms.GRANTED_ALONE,
    recovery.ALARM,
    password_seals.ALARM,
    "reveal_quota",
    "unit_contacts_quota",
    "owner_rows",
    tally.SEARCHES_ALARM,
    dormancy.ALARM,
)


@dataclass(frozen=True)
class Incident:
    """An incident in the list, in words."""

    number: str
    kind: str
    state: str
    look: str
    grade: str
    reported_at: datetime


@dataclass(frozen=True)
class Alarm:
    """An open alarm, in words.

    Attributes:
        about: who and why, where it is about a person; what was to be done, where it is about a job.
        account_id: of that person, or None.
        may_run: it is about a job that the reader may have run again.
    """

    id: int
    kind: str
    about: str
    account_id: int | None
    raised_at: datetime
    may_run: bool = False


@dataclass(frozen=True)
class DeadJob:
    """A job that died and whose alarm was closed, in words."""

    id: int
    name: str
    died_at: datetime


@dataclass(frozen=True)
class WatchScreen:
    """Incidents and alarms; alarms are for the system and the security administrator.

    Attributes:
        jobs: that died, for who may have them run again.
    """

    incidents: tuple[Incident, ...]
    alarms: tuple[Alarm, ...]
    jobs: tuple[DeadJob, ...]
    may_close: bool
    verified: Verified | None


@dataclass(frozen=True)
class IncidentScreen:
    """What is known of an incident.

    Attributes:
        shows_course: the reader may look at the case with its steps.
    """

    number: str
    facts: tuple[tuple[str, str], ...]
    shows_course: bool


def incident_screen(work: Work, number: str) -> IncidentScreen:
    """Read what is known of an incident."""
    told = incidents.told(work, number)
    return IncidentScreen(
        number, tuple((said(label), written(text)) for label, text in told), cases.is_open_to(work, number)
    )


def watch_screen(work: Work) -> WatchScreen:
    """Read what the watchers over security look at."""
    found = incidents.incidents(work)
    may_close = work.may(Permission.SECURITY_LOG_READ) or work.may(Permission.TECH_LOG_READ)
    raised = alarms.open_alarms(work) if may_close else ()
    names = person_names(work, {_about(one) for one in raised if one.kind in _NAMED})
    return WatchScreen(
        tuple(
            Incident(
                one.number,
                either(*KINDS[one.kind]),
                either(*STATES[one.state]),
                _LOOKS[one.state],
                either(*GRADES[one.grade]) if one.grade else "",
                one.reported_at,
            )
            for one in found
        ),
        tuple(_alarm(work, one, names) for one in raised),
        tuple(DeadJob(one.id, _job(one.name), one.died_at) for one in dead_jobs.without_alarm(work)),
        may_close,
        verified.last(work) if may_close else None,
    )


def _about(one: alarms.Alarm) -> int:
    """Return the account that an alarm is about, where it is about one."""
    return int(str(one.detail["account_id"])) if one.kind == emergencies.ALARM else one.subject_id


def _job(name: str) -> str:
    return str(_JOBS.get(name, name))


def _alarm(work: Work, one: alarms.Alarm, names: Mapping[int, str]) -> Alarm:
    kind = str(_ALARMS.get(one.kind, one.kind))
    if one.kind == outbox.DEAD_JOB:
        job = str(one.detail["job"])
        may_run = work.may(Permission.SYSTEM_CONFIGURE)
        return Alarm(one.id, kind, _job(job), None, one.raised_at, may_run)
    if one.kind not in _NAMED:
        return Alarm(one.id, kind, "", None, one.raised_at)
    who = names.get(_about(one), "")
    if one.kind != habits.ALARM:
        return Alarm(one.id, kind, who, None, one.raised_at)
    reasons = one.detail.get("reasons")
    why = listed(REASONS[str(reason)] for reason in (reasons if isinstance(reasons, list) else ()))
    return Alarm(one.id, kind, f"{who} · {why}", one.subject_id, one.raised_at)
