"""What people read before they act on a change of tenant; nobody is named in full."""

from engine.bilingual import Text, beside
from engine.ports import Json
from engine.service_tasks import Context, form_data
from engine.work import Work
from handlers.checking import form_parts
from handlers.moving import cases, checks, people, requesting, tenancy, transfer_entry, words
from handlers.moving.cases import Case
from handlers.shared.facts import Facts, Options, Pairs, local, names, option, pairs


@form_data("tenant.register_facts")
def register_facts(context: Context) -> Facts:
    """Say who owns and rents the house now; what a resident asked for online is filled in."""
    work, case = context.work, cases.of(context)
    is_online = case.channel == requesting.CHANNEL
    asked: dict[str, Json] = {
        "change": case.way,
        **{key: case.facts.get(key) for key in ("told_by", "tenant")},
    }
    return {
        "facts": words.common(work, case)
        + words.owners(work, case)
        + words.tenants(work, case)
        + words.note(work, case, "说明", "notice"),
        "options": {"tenants": words.tenant_options(work, case)},
        "values": asked if is_online else {},
        "without": ["contact_name", "contact_phone"] if is_online else [],
    }


@form_data("tenant.owner_facts")
def owner_facts(context: Context) -> Facts:
    """Name the owners and who told us, masked; an owner at home reads that they answer online.

    While the owner's own time runs, the desk writes down only what an owner says who stands before it.
    """
    work, case = context.work, cases.of(context)
    facts = words.common(work, case) + words.owners(work, case)
    facts += pairs(("通知人", words.who_told(work, case)))
    is_own = work.actor.kind == "resident"
    hows = _hows(is_own=is_own, is_early=context.step == requesting.CONFIRM)
    facts += words.note(work, case, "登记说明", "notice")
    return {
        "facts": facts,
        "options": {"hows": [option(code, words.ANSWER_WAYS[code]) for code in hows]},
        "values": {"how": hows[0]} if len(hows) == 1 else {},
    }


def _hows(*, is_own: bool, is_early: bool) -> list[str]:
    if is_own:
        return [words.ONLINE]
    if is_early:
        return [words.IN_PERSON]
    return [code for code in words.ANSWER_WAYS if code != words.ONLINE]


@form_data("tenant.enter_facts")
def enter_facts(context: Context) -> Facts:
    """Offer to enter a tenant or, for one who is there, the new lease; say what differed before."""
    work, case = context.work, cases.of(context)
    entries = _entries(work, case)
    facts = words.common(work, case) + words.tenants(work, case)
    facts += pairs(("核对不一致", words.differed(case)))
    facts += words.note(work, case, "哪里不一致", "differs")
    if any(one["value"] == "new" for one in entries):
        facts += words.agreed()
    values: dict[str, Json] = {"entry": entries[0]["value"]}
    return {"facts": facts, "values": values, "options": {"entries": list(entries)}}


def _entries(work: Work, case: Case) -> Options:
    renew: Text = ("只录新租期", "Enter the new end of the lease only")
    offered = transfer_entry.entry_options(case)
    if tenancy.tenant_of(work, case) is None:
        return offered
    return [option(tenancy.RENEW, renew), *offered[1:]]


@form_data("tenant.check_facts")
def check_facts(context: Context) -> Facts:
    """Say who entered, and what waits for the check, masked."""
    work, case = context.work, cases.of(context)
    facts = words.common(work, case)
    facts += pairs(
        ("录入人", names(work, [case.entered_by] if case.entered_by else [])),
        ("录入时间", local(work, case.entered_at)),
    )
    return {"facts": facts + checks.facts(work, case), "without": form_parts.NOT_CHOSEN}


@form_data("tenant.leaving_facts")
def leaving_facts(context: Context) -> Facts:
    """Say who leaves, masked, and until when the lease runs."""
    work, case = context.work, cases.of(context)
    facts = _who_leaves(work, case)
    facts += words.note(work, case, "哪里不属实", "not_left")
    return {"facts": facts, "options": {"vehicles": words.vehicle_options(work, case)}}


@form_data("tenant.left_facts")
def left_facts(context: Context) -> Facts:
    """Say who is said to have left, masked, on which day, and who confirmed it."""
    work, case = context.work, cases.of(context)
    by = case.facts.get("left_by")
    facts = _who_leaves(work, case)
    facts += pairs(
        ("确认人", names(work, [int(str(by))] if by else [])),
        ("哪天搬离", str(case.facts.get("moved_out_on") or "")),
    )
    return {"facts": facts + words.note(work, case, "说明", "leaving")}


def _who_leaves(work: Work, case: Case) -> Pairs:
    tenant = tenancy.tenant_of(work, case)
    found = dict(people.masked(work, case.house_id, "tenant"))
    who = found.get(tenant.id) if tenant else None
    lease_end = str(tenant.lease_ends_on or "") if tenant else ""
    return (
        words.common(work, case)
        + words.owners(work, case)
        + pairs(
            ("租户", beside(who.name, who.phone) if who else ""),
            ("租期到", lease_end),
            ("通知人", words.who_told(work, case)),
        )
    )
