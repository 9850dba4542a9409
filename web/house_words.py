"""Says what stands on the page of a house in the reader's language: relations, agreements, ages of data."""

from collections.abc import Mapping
from datetime import datetime

from flask_babel.speaklater import LazyString

from handlers.accounts.house_access import Sight
from handlers.accounts.permissions import POST_NAMES, RELATION_PERMISSIONS
from handlers.estate.authorisation import Agreement, AgreementState, Purpose
from handlers.estate.consents import HOW_WORDS
from handlers.estate.house_record import Standing
from handlers.estate.records import RelationKind
from handlers.shared.permissions import Permission
from web.texts import gettext, lazy_gettext
from web.words import calendar_day, either, listed, local_date, moment

RELATIONS: Mapping[str, LazyString] = {
    RelationKind.OWNER: lazy_gettext("业主"),
    RelationKind.CO_OWNER: lazy_gettext("共有人"),
    RelationKind.AGENT: lazy_gettext("代理人"),
    RelationKind.TENANT: lazy_gettext("租户"),
    RelationKind.FAMILY: lazy_gettext("家庭成员"),
    RelationKind.EMERGENCY_CONTACT: lazy_gettext("紧急联系人"),
}

SCOPES: Mapping[Purpose, LazyString] = {
    Purpose.REPAIR: lazy_gettext("维修联系"),
    Purpose.NOTICE: lazy_gettext("发送通知"),
    Purpose.FEE: lazy_gettext("缴费联系"),
    Purpose.EMERGENCY: lazy_gettext("紧急联系"),
}

_STATES: Mapping[AgreementState, tuple[LazyString, str]] = {
    AgreementState.GIVEN: (lazy_gettext("已授权"), "fine"),
    AgreementState.WITHDRAWN: (lazy_gettext("已撤回"), "late"),
    AgreementState.DECLINED: (lazy_gettext("不同意"), "late"),
}

# What a relation lets people do for the house, in the words of the trade.
_RIGHTS: Mapping[Permission, LazyString] = {
    Permission.REPAIR_SUBMIT: lazy_gettext("查看和报修"),
    Permission.REPAIR_APPROVE_QUOTE: lazy_gettext("同意报价"),
    Permission.FAMILY_EDIT: lazy_gettext("维护家庭和车辆"),
    Permission.FEE_READ: lazy_gettext("查看费用"),
}

OLD_MONTHS = 12


def rights_words(kind: str) -> str:
    """Say what a relation lets somebody do."""
    held = RELATION_PERMISSIONS[kind]
    return listed([str(label) for permission, label in _RIGHTS.items() if permission in held])


def agreement_words(agreement: Agreement | None) -> tuple[str, str, str]:
    """Say how an agreement stands, as (state, colour, since when and on which text)."""
    if agreement is None:
        return gettext("未授权"), "soon", ""
    state, look = _STATES[agreement.state]
    since = gettext(
        "%(day)s，文本 %(version)s", day=calendar_day(agreement.at), version=agreement.text_version
    )
    if agreement.state is AgreementState.GIVEN and agreement.channel in HOW_WORDS:
        since = f"{since} · {either(*HOW_WORDS[agreement.channel])}"
    return str(state), look, since


def age_words(checked_at: datetime | None, now: datetime) -> tuple[str, str]:
    """Say how old somebody's data are, as (words, colour); old ones are to be asked for."""
    if checked_at is None:
        return gettext("资料从未核对，请核对"), "soon"
    checked, today = local_date(checked_at), local_date(now)
    days = (today - checked).days
    if days == 0:
        return gettext("今天已核对"), "fine"
    months = (today.year - checked.year) * 12 + today.month - checked.month - (today.day < checked.day)
    if months >= OLD_MONTHS:
        return gettext("资料 %(months)s 个月前核对，请核对", months=months), "soon"
    if months:
        return gettext("%(months)s 个月前核对", months=months), ""
    return gettext("%(days)s 天前核对", days=days), ""


def time_words(one: Standing) -> str:
    """Say from when to when a relation holds, and until when a lease runs."""
    begin = calendar_day(one.valid_from)
    if one.valid_to is not None:
        return gettext("%(begin)s 至 %(end)s", begin=begin, end=calendar_day(one.valid_to))
    if one.lease_ends_on is not None:
        return gettext("%(begin)s 起，租期至 %(end)s", begin=begin, end=one.lease_ends_on.isoformat())
    return gettext("%(begin)s 起", begin=begin)


def span_words(begins_at: datetime, ends_at: datetime | None) -> str:
    """Say from when to when a right holds."""
    begin = moment(begins_at)
    if ends_at is None:
        return gettext("%(begin)s 起", begin=begin)
    return gettext("%(begin)s 至 %(end)s", begin=begin, end=moment(ends_at))


def why_words(sight: Sight) -> str:
    """Say by which post somebody may see a house, and whether they only stood in."""
    post = either(*POST_NAMES[sight.post])
    if sight.why == "substitute":
        return gettext("%(post)s（替班）", post=post)
    if sight.why == "shift_lead":
        return gettext("%(post)s（值班长）", post=post)
    return post
