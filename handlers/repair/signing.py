"""Takes the word of owners who sign on the repairer's phone: their own confirmation, counted apart."""

from hashlib import sha256

from sqlalchemy import select

from engine.bilingual import Text, in_both
from engine.ids import new_id
from engine.work import Work
from handlers.errors import FieldsInvalid, RuleRefused
from handlers.repair import catalogue, fact_lines, orders
from handlers.repair.orders import Order
from handlers.repair.records import Area, OrderState, repair_order, repair_signature
from handlers.repair.visibility import in_own_hands, seen, visible
from handlers.shared import attachments
from handlers.shared.attachments import Attachment
from handlers.shared.permissions import Permission

KIND = "repair_signature"
SIGNED = "signed"  # how the order was confirmed
AMOUNT = "{charge}"  # stands in the statement where the amount belongs
_STATEMENT = (
    "本人确认：报修单 {number}（{place}，{fault}）已经修好，费用：{charge}。",
    "I confirm: repair {number} ({place}, {fault}) is done, charge: {charge}.",
)
# Of staff, those who ask owners how it went or judge charges; who was sent sees it as long as the order.
_READERS = (Permission.REPAIR_RETURN_VISIT, Permission.REPAIR_CHECK_QUOTE)


def statement(work: Work, order: Order, charge: Text = AMOUNT) -> Text:
    """Word what the owner signs, in both languages."""
    named = {"number": order.number, "place": order.place}
    faults = in_both(catalogue.name_of(work, order.fault_code))
    chinese, english = (
        text.format(**named, fault=fault, charge=amount)
        for text, fault, amount in zip(_STATEMENT, faults, in_both(charge), strict=True)
    )
    return chinese, english


def wording(work: Work, number: str) -> Text:
    """Return what the owner of an order is asked to sign, for whoever may see the order.

    Raises:
        OrderNotFound: there is none, or not for this actor.
    """
    return statement(work, seen(work, number))


def confirm(work: Work, order: Order, attachment_ids: tuple[int, ...], charge_fen: int) -> Order:
    """Confirm a finished repair by what its owner signed just now; nobody has rated it.

    Raises:
        RuleRefused: the repair of a common area is accepted by a lead, never by one owner.
        FieldsInvalid: there is no picture of the signature.
    """
    if order.area == Area.COMMON:
        raise RuleRefused("sign_common", "公共部位由工程主管验收，不用业主签字")
    if len(attachment_ids) != 1:
        raise FieldsInvalid({"signature": ("请业主签字", {})})
    _keep(work, order, attachment_ids[0], charge_fen)
    orders.tell(work, order.id, SIGNED)
    return orders.enter(
        work, order, OrderState.CONFIRMED, outcome="repaired", confirmed_at=work.now, confirmed_by=SIGNED
    )


def can_be_rated(work: Work, order: Order) -> bool:
    """Tell whether somebody of the home has an account in which they are asked how it was."""
    if order.house_id is None:
        return False
    return bool(work.engine.directory.recipients(work.connection, "resident", order.house_id, work.now))


def _keep(work: Work, order: Order, attachment_id: int, charge_fen: int) -> None:
    signature_id = new_id()
    attachments.attach(work, [attachment_id], KIND, signature_id, house_id=order.house_id)
    said = "\n".join(in_both(statement(work, order, fact_lines.charge(charge_fen))))
    picture = attachments.digest_of(work, attachment_id)
    work.connection.execute(
        repair_signature.insert().values(
            id=signature_id,
            order_id=order.id,
            attachment_id=attachment_id,
            signed_at=work.now,
            taken_by=work.actor.id,
            said=work.engine.vault.seal("repair_signature", "said", signature_id, said),
            digest=sha256(f"{said}\n{work.now.isoformat()}\n{picture}".encode()).hexdigest(),
        )
    )


def of_order(work: Work, order: Order) -> list[Attachment]:
    """List the signatures given for an order, as far as the actor may see them."""
    ids = work.connection.execute(
        select(repair_signature.c.id)
        .where(repair_signature.c.order_id == order.id)
        .order_by(repair_signature.c.id)
    ).scalars()
    return [
        one for each in ids if may_see(work, each) for one in attachments.attachments_of(work, KIND, each)
    ]


def may_see(work: Work, signature_id: int) -> bool:
    """Tell whether the actor may see a signature: the household, who was sent, and who asks how it went."""
    mine = (repair_signature.c.id == signature_id, repair_order.c.id == repair_signature.c.order_id)
    order = work.connection.execute(select(repair_order.c.community_id).where(*mine, visible(work))).first()
    if order is None:
        return False
    if work.actor.kind == "resident" or any(work.may(each, order.community_id) for each in _READERS):
        return True
    return (
        work.connection.execute(select(repair_order.c.id).where(*mine, in_own_hands(work))).first()
        is not None
    )
