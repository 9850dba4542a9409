"""What people read before they act on a change of owner; nobody is named in full."""

from sqlalchemy import select

from engine.bilingual import beside, joined
from engine.service_tasks import Context, form_data
from engine.store.tables import instance
from handlers.checking import form_parts
from handlers.moving import cases, checks, leaving_things, transfer_entry, words
from handlers.moving.records import moving_change
from handlers.shared.facts import Facts, local, names, option, pairs


@form_data("transfer.register_facts")
def register_facts(context: Context) -> Facts:
    """Say which house, who owns and rents it now; no reason is guessed: it decides about the papers."""
    work, case = context.work, cases.of(context)
    return {
        "facts": words.common(work, case) + words.owners(work, case) + words.tenants(work, case),
        "values": {"way": case.way} if case.way else {},
    }


@form_data("transfer.verify_facts")
def verify_facts(context: Context) -> Facts:
    """Say what is known so far: papers, what is missing, what was said."""
    work, case = context.work, cases.of(context)
    facts = words.common(work, case) + words.owners(work, case)
    facts += pairs(("缺的材料", words.missing(case)))
    facts += words.note(work, case, "登记说明", "notice")
    facts += words.note(work, case, "查验说明", "missing", "disputed", "opinion")
    facts += words.note(work, case, "收到的材料", "papers")
    facts += words.note(work, case, "原业主的异议", "objects")
    facts += words.note(work, case, "裁定理由", "ruling")
    return {
        "facts": facts,
        "values": {"proof_kind": case.proof_kind} if case.proof_kind else {},
        "options": {"owners": words.owner_options(work, case)},
    }


@form_data("transfer.tell_facts")
def tell_facts(context: Context) -> Facts:
    """Name the old owners, masked; their phones are looked up with a purpose."""
    work, case = context.work, cases.of(context)
    return {"facts": words.common(work, case) + words.owners(work, case) + words.tenants(work, case)}


@form_data("transfer.enter_facts")
def enter_facts(context: Context) -> Facts:
    """Say what differed at the last check; nothing of what was entered is shown again."""
    work, case = context.work, cases.of(context)
    facts = words.common(work, case)
    facts += pairs(("核对不一致", words.differed(case)))
    facts += words.note(work, case, "哪里不一致", "differs")
    facts += words.agreed()
    places = leaving_things.owned_places(work, case)
    return {
        "facts": facts,
        "values": {"entry": "new", "places": [str(one["value"]) for one in places]},
        "options": {"entries": transfer_entry.entry_options(case), "places": places},
    }


@form_data("transfer.check_facts")
def check_facts(context: Context) -> Facts:
    """Say which papers to look at, and who entered; no name and no number of what was entered."""
    work, case = context.work, cases.of(context)
    facts = words.common(work, case)
    facts += pairs(
        ("录入人", names(work, [case.entered_by] if case.entered_by else [])),
        ("录入时间", local(work, case.entered_at)),
    )
    return {"facts": facts + checks.facts(work, case), "without": form_parts.NOT_CHOSEN}


@form_data("transfer.fees_facts")
def fees_facts(context: Context) -> Facts:
    """Say from when the new owner pays."""
    work, case = context.work, cases.of(context)
    facts = words.common(work, case) + pairs(("切换时间", local(work, case.done_at)))
    values = {"settled_on": case.done_at.astimezone(work.engine.zone).date().isoformat()}
    return {"facts": facts + words.owners(work, case), "values": dict(values)}


@form_data("transfer.keys_facts")
def keys_facts(context: Context) -> Facts:
    """Say which house was switched when."""
    work, case = context.work, cases.of(context)
    return {"facts": words.common(work, case) + pairs(("切换时间", local(work, case.done_at)))}


@form_data("transfer.vehicles_facts")
def vehicles_facts(context: Context) -> Facts:
    """Say what the switch took off, and list the vehicles that are left, masked."""
    work, case = context.work, cases.of(context)
    gone = pairs(("已随切换注销", leaving_things.gone(work, case)))
    return {
        "facts": words.common(work, case) + words.tenants(work, case) + gone,
        "options": {"vehicles": words.vehicle_options(work, case)},
    }


@form_data("transfer.matters_facts")
def matters_facts(context: Context) -> Facts:
    """List the open cases that the switch took out of the house."""
    work, case = context.work, cases.of(context)
    rows = work.connection.execute(
        select(instance)
        .join(moving_change, moving_change.c.record_id == instance.c.id)
        .where(
            moving_change.c.case_id == case.id,
            moving_change.c.record == "case",
            instance.c.ended_at.is_(None),
        )
        .order_by(instance.c.id)
    )
    found = [option(row.id, beside(row.business_key, (row.title, row.title_en or row.title))) for row in rows]
    return {"facts": words.common(work, case), "options": {"cases": found}}


@form_data("transfer.shares_facts")
def shares_facts(context: Context) -> Facts:
    """List the owners, masked."""
    work, case = context.work, cases.of(context)
    return {"facts": words.common(work, case), "options": {"owners": words.owner_options(work, case)}}


@form_data("transfer.special_facts")
def special_facts(context: Context) -> Facts:
    """Say what was found about heirs, court or shares."""
    work, case = context.work, cases.of(context)
    leaving = {str(one) for one in case.facts.get("leaving", [])}
    who = [one for one in words.owner_options(work, case) if str(one["value"]) in leaving]
    facts = words.common(work, case) + words.owners(work, case)
    facts += words.note(work, case, "文书编号", "special_number")
    facts += words.note(work, case, "说明", "special")
    facts += pairs(("退出的共有人", joined((str(one["label"]) for one in who), ("；", "; "))))
    return {"facts": facts}


@form_data("transfer.reversal_facts")
def reversal_facts(context: Context) -> Facts:
    """Say which transfer is to be taken back, and why."""
    work, case = context.work, cases.of(context)
    wrong = cases.by_id(work.connection, case.reverses_id)
    facts = pairs(
        ("撤回的变更", wrong.number),
        ("房屋", words.address(work, wrong)),
        ("切换时间", local(work, wrong.done_at)),
        ("变更原因", words.WAY_NAMES.get(wrong.way, "")),
    )
    facts += words.owners(work, case)
    facts += words.note(work, case, "办错的经过", "reversal")
    return {"facts": facts}
