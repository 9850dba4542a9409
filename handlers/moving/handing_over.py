"""What follows a switch: fees, vehicles and access, keys and meters, matters that are still open."""

from collections.abc import Iterable

from sqlalchemy import select, update

from engine import instances
from engine.ports import Json
from engine.service_tasks import Context, completion
from engine.work import Work
from handlers.accounts.permissions import Post
from handlers.errors import FieldsInvalid
from handlers.estate import entry
from handlers.estate.identity import InvalidIdentity
from handlers.estate.records import estate_vehicle
from handlers.moving import cases, people
from handlers.moving.cases import Case
from handlers.moving.people import MAIN
from handlers.moving.records import Kind, State, moving_change
from handlers.shared.answers import Answers

# What has to be settled before a transfer is over.
_PARTS = frozenset({"fees", "vehicles", "keys", "matters"})


@completion("transfer.settle_fees")
def settle_fees(context: Context, answers: dict[str, Json]) -> None:
    """Note who pays what is still owed; arrears never held the change up."""
    given = Answers(answers)
    work, case = context.work, cases.of(context)
    settled_on = given.day("settled_on")
    cases.note(work, case, "fees", given.text("note"))
    case = cases.add_facts(
        work,
        case,
        payer=given.text("payer"),
        settled_on=settled_on.isoformat() if settled_on else None,
        arrears_fen=given.fen("arrears"),
    )
    _settled(work, case, "fees")


@completion("transfer.vehicles")
def vehicles(context: Context, answers: dict[str, Json]) -> None:
    """Take off what the switch left of vehicles, enter the new owner's and the places they rent."""
    given = Answers(answers)
    work, case = context.work, cases.of(context)
    end_vehicles(work, case, given.choices("ended"))
    for vehicle_id in enter_plates(work, case, given):
        cases.log_change(work, case, "vehicle", vehicle_id, "begun")
    for place_id in _enter_places(work, case, given):
        cases.log_change(work, case, "parking", place_id, "begun")
    _settled(work, case, "vehicles")


def end_vehicles(work: Work, case: Case, chosen: Iterable[str]) -> None:
    """Take vehicles of the house off."""
    for vehicle_id in map(int, chosen):
        ended = update(estate_vehicle).where(
            estate_vehicle.c.id == vehicle_id, estate_vehicle.c.house_id == case.house_id
        )
        work.connection.execute(ended.values(valid_to=work.now))
        cases.log_change(work, case, "vehicle", vehicle_id, "ended")


def enter_plates(work: Work, case: Case, given: Answers) -> list[int]:
    """Enter the vehicles of a case's main person; an empty line is none.

    Raises:
        FieldsInvalid: a plate that cannot be one.
    """
    main = people.parties(work, case)[MAIN].person.id
    entered = []
    for index, line in enumerate(given.lines("plates")):
        try:
            entered.append(entry.add_vehicle(work, case.house_id, main, line.text("plate")))
        except InvalidIdentity as error:
            raise FieldsInvalid({f"plates.{index}.plate": (error.message, error.params)}) from error
    return entered


def _enter_places(work: Work, case: Case, given: Answers) -> list[int]:
    """Enter the parking places that the new owner rents."""
    return [
        entry.add_parking(work, case.house_id, line.text("place"), is_rented=True)
        for line in given.lines("rented")
    ]


@completion("transfer.keys")
def keys(context: Context, answers: dict[str, Json]) -> None:
    """Note where the keys went and what the meters say."""
    given = Answers(answers)
    work, case = context.work, cases.of(context)
    meters: dict[str, Json] = {
        meter: given.text(meter) for meter in ("water", "power", "gas") if given.text(meter)
    }
    cases.note(work, case, "keys", given.text("note"))
    case = cases.add_facts(work, case, keys=given.text("keys"), meters=meters)
    _settled(work, case, "keys")


@completion("transfer.matters")
def matters(context: Context, answers: dict[str, Json]) -> None:
    """Give chosen open cases to the people of the house; the desk finishes the others for the old owner."""
    given = Answers(answers)
    work, case = context.work, cases.of(context)
    detached = set(
        work.connection.execute(
            select(moving_change.c.record_id).where(
                moving_change.c.case_id == case.id, moving_change.c.record == "case"
            )
        ).scalars()
    )
    for instance_id in {int(one) for one in given.choices("to_new")} & detached:
        instances.leave_residents(work, instance_id, case.house_id, Post.CS)
    cases.note(work, case, "matters", given.text("note"))
    _settled(work, case, "matters")


def _settled(work: Work, case: Case, part: str) -> None:
    """Note that a part is settled; the last one closes the case."""
    done = {*(str(one) for one in case.facts.get("settled", [])), part}
    case = cases.add_facts(work, case, settled=sorted(done))
    if done >= _PARTS and case.kind == Kind.TRANSFER and case.state == State.DONE:
        cases.change(work, case, state=State.CLOSED, closed_at=work.now)
