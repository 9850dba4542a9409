"""Says an escalation ladder as people read it: when, whom it tells, and who may then do the step as well."""

from fractions import Fraction

from engine.durations import Duration
from engine.escalation import AroundDue, Ladder, Rung
from web.lists import post_name
from web.story import posts_said
from web.texts import gettext
from web.words import duration_words, span


def ladder_words(ladder: Ladder) -> tuple[str, ...]:
    """Say each rung of a ladder, the earliest first."""
    return tuple(_rung(one) for one in ladder)


def _rung(one: Rung) -> str:
    told = gettext("%(moment)s提醒%(whom)s", moment=_moment(one.after), whom=posts_said(one.notify))
    if not one.widen:
        return told
    return gettext("%(told)s，%(post)s也可办理", told=told, post=post_name(one.widen))


def _moment(after: Fraction | Duration | AroundDue) -> str:
    if isinstance(after, Duration):
        return gettext("开始 %(span)s后", span=duration_words(after))
    if isinstance(after, Fraction):
        return gettext("时限一到") if after == 1 else gettext("到时限的 %(share)s%%", share=int(after * 100))
    if not after.offset:
        return gettext("时限一到")
    if after.offset.total_seconds() < 0:
        return gettext("时限前 %(span)s", span=span(-after.offset))
    return gettext("超时 %(span)s后", span=span(after.offset))
