"""What can be odd, how bad an incident is and what its steps are called, in both languages."""

from collections.abc import Mapping

from engine.bilingual import Text

KINDS: Mapping[str, tuple[str, str]] = {
    "sign_in": ("不是本人的登录或操作", "A sign-in or an action that was not mine"),
    "lent": ("账号借用、密码外泄", "A lent account or a leaked password"),
    "leak": ("业主信息外泄", "Owners' data got out"),
    "device": ("设备、钥匙、资料丢失", "A lost device, key or paper"),
    "fraud": ("可疑的短信、来电或邮件", "A suspicious message, call or mail"),
    "other": ("其他异常", "Something else"),
    "unusual": ("异常登录", "Unusual sign-in"),  # noticed by the platform itself
}
BY_PEOPLE = tuple(kind for kind in KINDS if kind != "unusual")

GRADES: Mapping[int, tuple[str, str]] = {
    1: ("特别重大", "Most serious"),
    2: ("重大", "Serious"),
    3: ("较大", "Larger"),
    4: ("一般", "Ordinary"),
}
MUST_REPORT = 3  # this grade and the worse ones go to the authority

STATES: Mapping[str, tuple[str, str]] = {
    "open": ("处理中", "Open"),
    "false_alarm": ("误报", "False alarm"),
    "closed": ("已结案", "Closed"),
}

STEPS: Mapping[str, Text] = {
    "triage": ("研判止损", "First look"),
    "triage_by_auditor": ("审计研判", "First look by the auditor"),
    "confirm_false": ("复核误报", "Second look"),
    "grade": ("定级", "Grading"),
    "inform": ("负责人知悉", "The one in charge"),
    "investigate": ("调查取证", "Investigation"),
    "report": ("报告主管部门", "Report to the authority"),
    "notify": ("告知当事人", "Telling the persons"),
    "recover": ("恢复核查", "Recovery"),
    "conclude": ("总结报告", "Final report"),
}
OUTCOMES: Mapping[str, Text] = {
    "real": ("属实", "Real"),
    "false": ("误报", "False alarm"),
    "reported": ("已报告", "Reported"),
    "not_required": ("不需要报告", "No report due"),
    "told": ("已告知", "Told"),
    "no_harm": ("不会造成损害", "Harm excluded"),
}

# Why a sign-in is unusual.
REASONS: Mapping[str, tuple[str, str]] = {
    "device": ("新设备", "a new device"),
    "address": ("新地址", "a new address"),
    "hour": ("平常不登录的时间", "an unusual hour"),
    "two_places": ("同时在两处登录", "two places at once"),
}
