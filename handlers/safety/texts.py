"""The messages about security."""

from collections.abc import Mapping

from engine.ports import Json
from engine.work import Work
from handlers.safety.words import REASONS
from handlers.shared.messages import Template


def _sign_in_facts(work: Work, args: Mapping[str, Json], language: str) -> dict[str, str]:
    """Name who signed in and what is unusual about it."""
    account_id = int(str(args["account_id"]))
    names = work.engine.directory.names(work.connection, [account_id])
    in_english = language.startswith("en")
    given = args["reasons"]
    reasons = [str(one) for one in given] if isinstance(given, list) else []
    words = [REASONS[one][in_english] for one in reasons]
    return {"who": names.get(account_id, ""), "why": (", " if in_english else "、").join(words)}


def _number_facts(_work: Work, args: Mapping[str, Json], _language: str) -> dict[str, str]:
    """Name the case."""
    return {"number": str(args["number"])}


def _count_facts(_work: Work, args: Mapping[str, Json], _language: str) -> dict[str, str]:
    """Say in how many places."""
    return {"count": str(args["count"])}


def _account_facts(work: Work, args: Mapping[str, Json], _language: str) -> dict[str, str]:
    """Name whose account it is."""
    account_id = int(str(args["account_id"]))
    return {"who": work.engine.directory.names(work.connection, [account_id]).get(account_id, "")}


TEMPLATES = (
    Template(
        code="agree_more_looks",
        subject="主管同意多看",
        subject_en="You may look at more",
        text="【物业云】{number} 主管已同意，两小时内可以继续查看，用途和记录照旧。",
        text_en="[Wuye Flow] {number}: your lead agreed. You may go on for two hours, logged as before.",
        facts=_number_facts,
    ),
    Template(
        code="refuse_more_looks",
        subject="主管不同意多看",
        subject_en="You may not look at more",
        text="【物业云】{number} 主管没有同意超限额查看，原因见该事项。",
        text_en="[Wuye Flow] {number}: your lead did not agree to more looks; the case says why.",
        facts=_number_facts,
    ),
    Template(
        code="account_recovered",
        subject="命令行重置了账号",
        subject_en="An account was reset from the command line",
        text="【物业云】{who} 的密码和动态口令已在服务器命令行上重置。不是计划内的操作请立即登录查看“安全”。",
        text_en="[Wuye Flow] Password and authenticator of {who} were reset from the server's command line. "
        "If nobody planned this, please look at the page Security at once.",
        facts=_account_facts,
    ),
    Template(
        code="phone_changed",
        subject="员工手机号已更换",
        subject_en="The phone of an employee was changed",
        text="【物业云】{who} 的登录手机号已由行政人事更换。请向本人核实，不属实请立即报告异常。",
        text_en="[Wuye Flow] Administration changed the phone of {who}. Please ask them, and report "
        "it at once if they know nothing of it.",
        facts=_account_facts,
    ),
    Template(
        code="phone_changed_old",
        subject="您的登录手机号已更换",
        subject_en="Your phone for signing in was changed",
        text="【物业云】您账号的登录手机号已更换，本号不再使用。不是本人要求的请立即告知主管或安全管理员。",
        text_en="[Wuye Flow] Your account has another phone now; this one is no longer used. If you did not "
        "ask for it, tell your lead or the security administrator at once.",
    ),
    Template(
        code="first_password_again",
        subject="员工密码已重发",
        subject_en="An employee got a new first password",
        text="【物业云】{who} 的初始密码已重发，原密码失效。请向本人核实，不属实请立即报告异常。",
        text_en="[Wuye Flow] {who} got a new first password; the old one is void. Please ask them, and "
        "report it at once if they know nothing of it.",
        facts=_account_facts,
    ),
    Template(
        code="account_on_again",
        subject="停用的账号已恢复",
        subject_en="An account was switched on again",
        text="【物业云】{who} 的账号已由行政人事恢复，没有岗位。属实的请重新授予岗位，不属实请立即报告异常。",
        text_en="[Wuye Flow] Administration switched the account of {who} on again, without a post. Grant "
        "the post anew, or report it at once if it is not right.",
        facts=_account_facts,
    ),
    Template(
        code="log_broken",
        subject="访问日志核对不符",
        subject_en="The access log does not hold",
        text="【物业云】访问日志夜间核对有 {count} 处不符，可能被改动，请登录查看“安全”。",
        text_en="[Wuye Flow] The nightly check of the access log found {count} differences; it may have been "
        "altered. Please look at the page Security.",
        facts=_count_facts,
    ),
    Template(
        code="unusual_sign_in",
        subject="异常登录",
        subject_en="Unusual sign-in",
        text="【物业云】{who} {seen_at} 的登录异常：{why}。请登录查看“安全”。",
        text_en="[Wuye Flow] {who} signed in at {seen_at}: {why}. Please look at the page Security.",
        facts=_sign_in_facts,
    ),
    Template(
        code="unusual_sign_in_own",
        subject="您的账号有异常登录",
        subject_en="An unusual sign-in with your account",
        text="【物业云】您的账号 {seen_at} 登录：{why}。不是本人请立即报告异常并修改密码。",
        text_en="[Wuye Flow] Your account signed in at {seen_at}: {why}. If it was not you, report it "
        "at once and change the password.",
        facts=_sign_in_facts,
    ),
    Template(
        code="odd_reported",
        subject="有人报告异常",
        subject_en="Something odd was reported",
        text="【物业云】{case} 有人报告：{title}。请立即登录处理。",
        text_en="[Wuye Flow] {case} reported: {title}. Please sign in and see to it at once.",
    ),
)
