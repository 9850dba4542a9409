"""Takes reports in: online by residents, found by staff, raised by equipment."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from sqlalchemy import insert, select

from engine import idempotency, instances
from engine.forms.answers import BadAnswer, clean
from engine.ids import new_id
from engine.ports import Json
from engine.work import Work
from handlers.errors import FieldsInvalid
from handlers.estate.identity import InvalidIdentity, normalised_phone
from handlers.repair import catalogue, contacts, media, notices, orders, places, rules
from handlers.repair.catalogue import Fault
from handlers.repair.orders import NOTE_LENGTH, Order
from handlers.repair.records import OVER, Area, Channel, OrderState, Urgency, repair_number, repair_order
from handlers.repair.words import hint_in, without_naming
from handlers.shared import attachments
from handlers.shared.numbers import next_number
from handlers.shared.permissions import Permission
from handlers.shared.sealed import vault_of

PROCESS = "repair"
_START = "repair_online"
_NAME_LENGTH = 50
_UNKNOWN = "unknown"  # category of the fault 其他
_MOMENTS = timedelta(minutes=10)


@dataclass(frozen=True)
class Report:
    """What somebody reports.

    Attributes:
        description: may be empty where the kind of fault says it all.
        contact_person_id: somebody of the household to call, instead of a name and phone typed in.
        house_id: where it is, or from where a common area is reported; None for staff and equipment.
        building_id: of a common area without a house.
        place: where exactly in a common area.
        urgency: what the answer to the one question means, or None.
        attachments: ids of uploaded photos and videos.
    """

    area: Area
    fault_code: str
    description: str
    contact_name: str
    contact_phone: str
    house_id: int | None = None
    building_id: int | None = None
    place: str = ""
    urgency: str | None = None
    attachments: tuple[int, ...] = field(default_factory=tuple)
    contact_person_id: int | None = None


@dataclass(frozen=True)
class Reported:
    """A report that was taken in.

    Attributes:
        number: such as "R20261123-0007".
    """

    order_id: int
    number: str
    instance_id: int


@dataclass(frozen=True)
class Site:
    """Where a fault is, as the records know it."""

    community_id: int
    building_id: int | None
    house_id: int | None
    text: str


def report_online(work: Work, report: Report, *, idempotency_key: str | None = None) -> Reported:
    """Take a resident's report in and start its case.

    Raises:
        FieldsInvalid: with one message for each field that cannot be right.
        NotPermitted: it is not a house of the actor.
    Source: policy E1.
    """
    if report.house_id is None:
        raise FieldsInvalid({"house_id": ("请选择房屋", {})})
    work.require(Permission.REPAIR_SUBMIT, report.house_id)
    if report.contact_person_id is not None:
        name, phone = contacts.named(work, report.house_id, report.contact_person_id)
        report = replace(report, contact_name=name, contact_phone=phone)
    return _taken_in(work, report, Channel.ONLINE, idempotency_key)


def sent_before(work: Work, report: Report) -> str | None:
    """Return the number of the very report that the actor sent moments ago, such as from a page gone back to.

    New photos go to that report. What is said to be urgent is never taken for a repetition.
    """
    if report.house_id is None or report.urgency is not None:
        return None
    work.require(Permission.REPAIR_SUBMIT, report.house_id)
    text = _worded(report, _checked(work, report)).description
    place = site_of(work, report.area, report.house_id, report.building_id, report.place).text
    lately = select(repair_order).where(
        repair_order.c.reporter_account_id == work.actor.id,
        repair_order.c.channel == Channel.ONLINE,
        repair_order.c.house_id == report.house_id,
        repair_order.c.area == report.area,
        repair_order.c.place == place,
        repair_order.c.fault_code == report.fault_code,
        repair_order.c.state.not_in(OVER),
        repair_order.c.called_at > work.now - _MOMENTS,
    )
    for order in work.connection.execute(lately):
        if orders.opened(work, order, "description") == _clean("description", text):
            media.attach(work, order, report.attachments)
            return str(order.number)
    return None


def report_found(work: Work, report: Report, *, idempotency_key: str | None = None) -> Reported:
    """Take in what a member of staff found, or what equipment reports by itself."""
    community_id = site_of(work, report.area, report.house_id, report.building_id, report.place).community_id
    work.require(Permission.REPAIR_SUBMIT, community_id)
    channel = Channel.STAFF if work.actor.kind == "staff" else Channel.ALARM
    return _taken_in(work, report, channel, idempotency_key)


def _taken_in(work: Work, report: Report, channel: Channel, key: str | None) -> Reported:
    earlier = idempotency.recall(work, key, "repair.report", _digest(work, report, channel)) if key else None
    if earlier is not None:
        return Reported(int(str(earlier["order"])), str(earlier["number"]), int(str(earlier["instance"])))
    fault = _checked(work, report)
    report = _worded(report, fault)
    site = site_of(work, report.area, report.house_id, report.building_id, report.place)
    order = _written(work, report, site, channel)
    reported = _started(work, order, fault, report)
    answer: dict[str, Json] = {
        "order": str(order.id),
        "number": order.number,
        "instance": str(reported.instance_id),
    }
    idempotency.remember(work, key, answer)
    return reported


def _digest(work: Work, report: Report, channel: Channel) -> str:
    """Digest all that was reported; photos by what they show, for each sending stores them anew."""
    contact = vault_of(work.engine).blind_index("contact", f"{report.contact_name}|{report.contact_phone}")
    return idempotency.fingerprint(
        channel,
        report.area,
        str(report.house_id),
        str(report.building_id),
        report.place,
        report.fault_code,
        report.urgency,
        report.description,
        contact,
        [*attachments.digests_of(work, report.attachments)],
    )


def _worded(report: Report, fault: Fault) -> Report:
    """Let the kind of fault stand for the description of somebody who wrote nothing."""
    if report.description.strip() or fault.category == _UNKNOWN:
        return report
    return replace(report, description=fault.name)


def _started(work: Work, order: Order, fault: Fault, report: Report) -> Reported:
    raised = raised_urgency(work, report.description, report.urgency)
    started = instances.start(
        work,
        PROCESS,
        subject_of(order, fault),
        message=_START,
        variables={
            "fault_code": fault.code,
            "hint_urgency": raised,
            "confirm_by": confirm_by(order),
            "accept_from": work.now.isoformat(),
        },
    )
    orders.change(work, order, instance_id=started.id)
    return Reported(order.id, order.number, started.id)


def _written(work: Work, report: Report, site: Site, channel: Channel) -> Order:
    order = new_order(work, site, report.area, channel)
    orders.tell(work, order.id, "reported", {"channel": channel.value})
    order = orders.change(
        work,
        order,
        state=OrderState.REPORTED,
        entered_at=work.now,
        fault_code=report.fault_code,
        **described(work, order.id, report.description, report.contact_name, report.contact_phone),
    )
    media.attach(work, order, report.attachments)
    if channel is Channel.ONLINE:
        notices.to_owner(work, order, "repair_received")
    return order


# --- shared with reports by phone ---------------------------------------------------------------------------


def new_order(work: Work, site: Site, area: Area, channel: Channel) -> Order:
    """Write an order of which only the place is known."""
    return work.connection.execute(
        insert(repair_order)
        .values(
            id=new_id(),
            number=next_number(work, "R", repair_number),
            community_id=site.community_id,
            building_id=site.building_id,
            house_id=site.house_id,
            area=area,
            place=site.text,
            reporter_person_id=places.person_of(work) if work.actor.kind == "resident" else None,
            reporter_account_id=work.actor.id,
            channel=channel,
            called_at=work.now,
            second_check=rules.second_check_of(channel),
            state=OrderState.REGISTERING,
            state_at=work.now,
        )
        .returning(repair_order)
    ).one()


def described(work: Work, order_id: int, text: str, name: str, phone: str) -> dict[str, object]:
    """Return the columns for what is wrong and whom to call, sealed for one order.

    Raises:
        FieldsInvalid: nothing said, too much, characters nobody can see, or a phone that cannot be one.
    """
    if not text.strip() or len(text) > NOTE_LENGTH:
        raise FieldsInvalid({"description": ("请描述故障，最多 {most} 字", {"most": NOTE_LENGTH})})
    if len(name) > _NAME_LENGTH:
        raise FieldsInvalid({"contact_name": ("最多 {most} 个字", {"most": _NAME_LENGTH})})
    text, name = _clean("description", text), _clean("contact_name", name)
    try:
        digits = normalised_phone(phone)
    except InvalidIdentity as error:
        raise FieldsInvalid({"contact_phone": (error.message, error.params)}) from error
    vault = vault_of(work.engine)
    return {
        "description": orders.sealed(work, order_id, "description", text),
        "search_text": without_naming(text, [name]),
        "contact_name": orders.sealed(work, order_id, "contact_name", name),
        "contact_phone": orders.sealed(work, order_id, "contact_phone", digits),
        "phone_index": vault.blind_index("phone", digits),
        "phone_tail_index": vault.blind_index("phone_tail", digits[-4:]),
    }


def _clean(field: str, text: str) -> str:
    try:
        return clean(text, is_paragraph=field == "description")
    except BadAnswer as bad:
        raise FieldsInvalid({field: bad.message}) from bad


def site_of(work: Work, area: Area, house_id: int | None, building_id: int | None, place: str) -> Site:
    """Find where a fault is.

    Raises:
        FieldsInvalid: a private fault without a house, or a common one without a building.
    """
    if house_id is not None:
        house = places.house(work.connection, house_id)
        text = house.address if area is Area.PRIVATE else f"{house.building}{place.strip()}"
        return Site(house.community_id, house.building_id, house_id, text[:200])
    if area is Area.PRIVATE:
        raise FieldsInvalid({"house_id": ("请选择房屋", {})})
    if building_id is None:
        raise FieldsInvalid({"building_id": ("请选择楼栋", {})})
    community_id, building = places.building(work.connection, building_id)
    return Site(community_id, building_id, None, f"{building}{place.strip()}"[:200])


def raised_urgency(work: Work, text: str, answered: str | None) -> str | None:
    """Return the most urgent that a text and the answer to the one question say."""
    hint = hint_in(text, catalogue.hints(work))
    return rules.more_urgent(hint.urgency if hint else None, answered)


def confirm_by(order: Order) -> str:
    """Say who confirms the repair: the house that reported it, or for common areas the engineering lead."""
    return "owner" if order.area == Area.PRIVATE and order.house_id is not None else "lead"


def subject_of(order: Order, fault: Fault | None) -> instances.Subject:
    """Say what lists call the case: the fault and the place, nobody's name."""
    return instances.Subject(
        business_key=order.number,
        scope_id=order.community_id,
        resident_scope_id=order.house_id,
        title=fault.name if fault else "来电报修",
        title_en=fault.name_en if fault else "Report by phone",
        place=order.place,
    )


def _checked(work: Work, report: Report) -> Fault:
    if report.urgency not in (None, *Urgency):
        raise FieldsInvalid({"urgency": ("紧急程度不对", {})})
    found = {fault.code: fault for fault in catalogue.faults(work, report.area)}
    if report.fault_code not in found:
        raise FieldsInvalid({"fault_code": ("请选择故障类型", {})})
    return found[report.fault_code]
