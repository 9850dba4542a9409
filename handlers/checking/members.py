"""Takes back whom or what an owner entered, family or a vehicle, and what was not accepted."""

from sqlalchemy import delete, exists, or_, select

from engine.work import Work
from handlers.accounts.records import account
from handlers.estate.records import CheckState, estate_person, estate_relation, estate_vehicle


def take_back(work: Work, relation_id: int) -> None:
    """Delete a relation that never counted, and its person where nothing else knows them."""
    person_id = work.connection.execute(
        delete(estate_relation)
        .where(estate_relation.c.id == relation_id, estate_relation.c.check_state == CheckState.PENDING)
        .returning(estate_relation.c.person_id)
    ).scalar_one_or_none()
    if person_id is None:
        return
    refers = or_(
        exists().where(estate_relation.c.person_id == person_id),
        exists().where(estate_relation.c.through_person_id == person_id),
        exists().where(estate_vehicle.c.person_id == person_id),
        exists().where(account.c.person_id == person_id),
    )
    if not work.connection.execute(select(refers)).scalar_one():
        work.connection.execute(delete(estate_person).where(estate_person.c.id == person_id))


def take_vehicle_back(work: Work, vehicle_id: int) -> None:
    """Delete a vehicle that never counted."""
    work.connection.execute(
        delete(estate_vehicle).where(
            estate_vehicle.c.id == vehicle_id, estate_vehicle.c.check_state == CheckState.PENDING
        )
    )
