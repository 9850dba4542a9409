"""The messages about moving and changes of owner or tenant; they name the house and nobody else."""

from collections.abc import Mapping

from sqlalchemy import select

from engine.bilingual import in_both
from engine.ports import Json
from engine.work import Work
from handlers.estate.records import estate_community, estate_house
from handlers.moving import cases, words
from handlers.shared.messages import Template


def facts(work: Work, args: Mapping[str, Json], language: str) -> dict[str, str]:
    """Return the words for a case: number, house, community, the desk's phone, and what is changed."""
    case = cases.by_id(work.connection, int(str(args["case_id"])))
    house = work.connection.execute(
        select(estate_house.c.address, estate_community.c.name, estate_community.c.desk_phone)
        .join(estate_community, estate_community.c.id == estate_house.c.community_id)
        .where(estate_house.c.id == case.house_id)
    ).one()
    in_english = language.startswith("en")
    return {
        "number": case.number,
        "what": in_both(words.WAY_NAMES.get(case.way, ""))[in_english],
        "how": in_both(words.ANSWER_WAYS.get(str(case.facts.get("owner_how", "")), ""))[in_english],
        "left_on": str(case.facts.get("moved_out_on") or ""),
        "house": house.address,
        "community": house.name,
        "desk": house.desk_phone,
        "lease_end": f"{case.lease_ends_on:%Y-%m-%d}" if case.lease_ends_on else "",
    }


_TEXTS = (
    (
        "transfer_announced", "产权变更告知", "Change of owner announced",
        "{community}{house} 的产权变更正在办理。办结后，您和家人不能再查看该房屋，租户不受影响。"
        "如有异议请立即联系客服 {desk}",
        "{community} {house}: a change of owner is being handled. Once it is done you and your family no "
        "longer see this home; tenants are not concerned. If you object, call the desk at once: {desk}",
    ),
    (
        "transfer_done_old", "产权变更已办结", "Change of owner done",
        "{community}{house} 的产权变更已办结，您和家人不能再查看该房屋、为它报修。客服 {desk}",
        "{community} {house}: the change of owner is done; you and your family no longer see this home or "
        "report repairs for it. Desk {desk}",
    ),
    (
        "transfer_done_new", "已登记为业主", "You are registered as the owner",
        "您已登记为 {community}{house} 的业主。客服 {desk}",
        "You are registered as the owner of {community} {house}. Desk {desk}",
    ),
    (
        "move_in_done", "入住登记已办结", "Moving in registered",
        "您的账号已与 {community}{house} 绑定，可以报修和查看事项。客服 {desk}",
        "Your account is bound to {community} {house}; you can report repairs there. Desk {desk}",
    ),
    (
        "tenant_ask_owner", "请确认租户", "Please confirm a tenant",
        "{community}{house}：有人登记租住或续租，请在“我的资料 - 出租与租约”答复；12 小时未答复，客服会致电。"
        "客服 {desk}",
        "{community} {house}: somebody asks to rent or to stay. Please answer under “My data – Letting”; "
        "after 12 hours the desk calls you. Desk {desk}",
    ),
    (
        "tenant_refused", "业主未同意续租", "The owner did not agree",
        "{community}{house}：业主没有同意您申请的租约变更。客服 {desk}",
        "{community} {house}: the owner did not agree to the change you asked for. Desk {desk}",
    ),
    (
        "tenant_owner_told", "正在登记租户", "A tenant is being registered",
        "{community}{house}：我们接到业主通知，正在登记“{what}”。不是您或其他业主通知的，请立即联"
        "系客服 {desk}",
        "{community} {house}: an owner told us, and we are registering: {what}. If it was neither "
        "you nor another "
        "owner, call the desk at once: {desk}",
    ),
    (
        "tenant_owner_agreed", "业主已同意租户", "An owner agreed to a tenant",
        "{community}{house}：“{what}”已记录为业主同意（{how}）。不是您或其他业主的意思，请立即联系"
        "客服 {desk}",
        "{community} {house}: it is written down that an owner agreed ({how}): {what}. If neither "
        "you nor another "
        "owner did, call the desk at once: {desk}",
    ),
    (
        "tenant_owner_refused", "业主未同意租户", "An owner refused a tenant",
        "{community}{house}：“{what}”已记录为业主不同意（{how}），不再办理。不是您或其他业主的意思，"
        "请联系客服 {desk}",
        "{community} {house}: it is written down that an owner refused ({how}): {what}. It goes no "
        "further. If "
        "neither you nor another owner did, call the desk: {desk}",
    ),
    (
        "tenant_granted_owner", "租户已可使用该房屋的服务", "A tenant now has access",
        "{community}{house} 的租户登记已生效：租户可以报修和查看事项，租期至 {lease_end}，可在“我"
        "的资料 - 出租与租约”"
        "查看。不是您同意的，请立即联系客服 {desk}",
        "{community} {house}: the tenant is registered and may report repairs; the lease ends on "
        "{lease_end}. See "
        "“My data – Letting”. If you did not agree, call the desk at once: {desk}",
    ),
    (
        "tenant_leaving", "正在办理退租", "The tenant is said to leave",
        "{community}{house}：正在办理退租。确认搬离以前一切照旧，确认后，租户和同住人不能再查看该房屋、为它报修。"
        "情况不属实，请立即联系客服 {desk}",
        "{community} {house}: we were told that the tenant leaves. Nothing changes until moving out "
        "is confirmed; "
        "then the access of the tenant and who lives with them ends. If it is not so, call the desk "
        "at once: {desk}",
    ),
    (
        "tenant_left_owner", "租户已搬离", "The tenant has left",
        "{community}{house} 的租户已于 {left_on} 搬离，不能再查看该房屋、为它报修。情况不属实，请立即联"
        "系客服 {desk}",
        "{community} {house}: the tenant moved out on {left_on}; their access has ended. If it is "
        "not so, call the "
        "desk at once: {desk}",
    ),
    (
        "tenant_stays", "退租不再办理", "The tenant stays",
        "{community}{house}：退租不再办理，一切照旧。客服 {desk}",
        "{community} {house}: moving out goes no further; everything stays as it was. Desk {desk}",
    ),
    (
        "tenant_granted", "租户登记已生效", "Tenant registered",
        "{community}{house} 的租户登记已生效，租期至 {lease_end}。客服 {desk}",
        "{community} {house}: the tenant is registered, the lease ends on {lease_end}. Desk {desk}",
    ),
    (
        "tenant_left", "租户登记已终止", "Tenancy ended",
        "{community}{house} 已确认搬离，您和同住人不能再查看该房屋、为它报修。没有搬离的，"
        "请立即联系客服 {desk}",
        "{community} {house}: moving out is confirmed, your access to this home has ended. If you "
        "have not left, call the "
        "desk at once: {desk}",
    ),
    (
        "transfer_stopped", "产权变更已中止", "Change of owner stopped",
        "{community}{house} 的产权变更已中止，登记维持原状。客服 {desk}",
        "{community} {house}: the change of owner was stopped; everything stays as it was. Desk {desk}",
    ),
    (
        "transfer_taken_back", "产权变更已撤回", "Change of owner taken back",
        "{community}{house} 的产权变更登记有误，已撤回，恢复变更前的登记。客服 {desk}",
        "{community} {house}: the change of owner was recorded wrongly and has been taken back. Desk {desk}",
    ),
)  # fmt: skip

TEMPLATES = tuple(
    Template(
        code=code,
        subject=subject,
        subject_en=subject_en,
        text=f"【物业云】{{number}} {text}",
        text_en=f"[Wuye Flow] {{number}} {text_en}",
        facts=facts,
    )
    for code, subject, subject_en, text, text_en in _TEXTS
)
