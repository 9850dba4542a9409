"""What people read before they act on somebody who moves in; nobody is named in full."""

from sqlalchemy import select

from engine.bilingual import Text, beside, joined
from engine.ports import Json
from engine.service_tasks import Context, form_data
from engine.work import Work
from handlers.accounts.records import account
from handlers.checking import form_parts
from handlers.estate.records import estate_house
from handlers.moving import cases, checks, move_in_entry, people, transfer_entry, words
from handlers.moving.cases import Case
from handlers.shared.facts import Facts, local, names, pairs

_ONE_AND_NEW = 2  # of several owners a guess could bind the wrong one

_APPEARS: dict[str, Text] = {
    "owner": ("业主本人", "The owner"),
    "agent": ("受托人", "An agent"),
    "company": ("单位经办人", "Somebody for a company"),
    "guardian": ("监护人", "A guardian"),
}


@form_data("move_in.papers_facts")
def papers_facts(context: Context) -> Facts:
    """Say which house, whom the list names, and who of them is bound already."""
    work, case = context.work, cases.of(context)
    facts = words.common(work, case) + pairs(("名册上的业主", _owners(work, case)))
    facts += words.tenants(work, case) + pairs(("缺的材料", words.missing(case)))
    facts += words.note(work, case, "说明", "missing", "refused")
    facts += words.note(work, case, "收到的材料", "papers")
    return {"facts": facts}


def _owners(work: Work, case: Case) -> Text:
    said = []
    for _, one in people.masked(work, case.house_id, *words.OWNER_KINDS):
        has_account = work.connection.execute(
            select(account.c.id).where(account.c.person_id == one.id)
        ).first()
        bound: Text = ("已有账号", "has an account") if has_account else ("未注册", "not registered")
        said.append(beside(one.name, one.phone, bound))
    return joined(said, ("；", "; "))


@form_data("move_in.consent_facts")
def consent_facts(context: Context) -> Facts:
    """Say which house and who has come; no data are shown before the notice."""
    work, case = context.work, cases.of(context)
    who = _APPEARS.get(str(case.facts.get("appears", "")), "")
    return {"facts": words.common(work, case) + pairs(("谁来办", who)) + words.agreed()}


@form_data("move_in.enter_facts")
def enter_facts(context: Context) -> Facts:
    """Offer whom the list names, chosen already where it names one; say what differed at the last check."""
    work, case = context.work, cases.of(context)
    owners = move_in_entry.owner_options(work, case)
    facts = words.common(work, case)
    facts += pairs(("核对不一致", words.differed(case)))
    facts += words.note(work, case, "哪里不一致", "differs")
    values: dict[str, Json] = {"entry": "new"}
    if len(owners) <= _ONE_AND_NEW:
        values["owner"] = owners[0]["value"]
    options: dict[str, Json] = {"owners": list(owners), "entries": list(transfer_entry.entry_options(case))}
    return {"facts": facts, "values": values, "options": options}


@form_data("move_in.register_facts")
def register_facts(context: Context) -> Facts:
    """Say how far registering is."""
    work, case = context.work, cases.of(context)
    facts = words.common(work, case) + pairs(("注册", move_in_entry.said_of_account(work, case)))
    return {"facts": facts + words.note(work, case, "为什么收不到短信", "no_message")}


@form_data("move_in.check_facts")
def check_facts(context: Context) -> Facts:
    """Say who entered, and what waits for the check, masked."""
    work, case = context.work, cases.of(context)
    facts = words.common(work, case)
    facts += pairs(
        ("录入人", names(work, [case.entered_by] if case.entered_by else [])),
        ("录入时间", local(work, case.entered_at)),
    )
    return {"facts": facts + checks.facts(work, case), "without": form_parts.NOT_CHOSEN}


@form_data("move_in.house_facts")
def house_facts(context: Context) -> Facts:
    """Say which house was bound when."""
    work, case = context.work, cases.of(context)
    return {"facts": words.common(work, case) + pairs(("绑定时间", local(work, case.done_at)))}


@form_data("move_in.fees_facts")
def fees_facts(context: Context) -> Facts:
    """Propose the area on record and the day of binding."""
    work, case = context.work, cases.of(context)
    area = work.connection.execute(
        select(estate_house.c.area_m2).where(estate_house.c.id == case.house_id)
    ).scalar_one()
    facts = words.common(work, case) + pairs(("登记面积", f"{area} ㎡" if area is not None else ""))
    values: dict[str, Json] = {"starts_on": work.now.astimezone(work.engine.zone).date().isoformat()}
    if area is not None:
        values["area"] = float(area)
    return {"facts": facts, "values": values}


@form_data("move_in.defects_facts")
def defects_facts(context: Context) -> Facts:
    """Say what was found at the inspection."""
    work, case = context.work, cases.of(context)
    return {"facts": words.common(work, case) + words.note(work, case, "验房发现", "defects")}
