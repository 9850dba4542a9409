"""Who may not do which steps of a repair: said once, before anybody takes one or is handed it."""

from engine.service_tasks import Context, barred
from handlers.repair import crew, orders
from handlers.repair.dispatching import not_for_rework


@barred(
    "repair.record_confirmation",
    "repair.inspect",
    "repair.record_return_visit",
    "repair.answer_complaint",
    "repair.carry_out_complaint",
    "repair.send_again",
    "repair.visit_again",
    "repair.visit_complainant",
    "repair.review_complaint",
)
def who_was_sent(context: Context) -> frozenset[int]:
    """Return who was sent to the repair: they neither ask how it went nor handle the complaint about it."""
    return frozenset(crew.past_workers(context.connection, orders.of(context).id))


@barred(
    "repair.take",
    "repair.appoint",
    "repair.arrive",
    "repair.diagnose",
    "repair.record_work",
    "repair.request_parts",
    "repair.record_quote",
    "repair.finish",
)
def who_was_refused(context: Context) -> frozenset[int]:
    """Return whom the owner refused often enough that somebody else does the rework."""
    return not_for_rework(context.work, orders.of(context))
