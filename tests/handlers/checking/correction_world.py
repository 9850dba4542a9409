"""Speaks the domain for tests of corrections."""

from typing import Any

from sqlalchemy import select

from engine import instances
from engine.ports import Actor
from engine.work import SYSTEM
from handlers.accounts.logins import add_login
from handlers.checking import correction_values, corrections
from handlers.checking.correction_records import data_correction
from handlers.checking.correction_values import Target
from handlers.checking.corrections import Asked
from handlers.checking.fields import Field
from handlers.estate import entry
from handlers.estate.records import RelationKind
from tests.handlers.repair.repair_world import Shop

NEW_PHONE = "13998765432"


class Counter(Shop):
    """The desk of 翠湖花园; 李明 of 301 has an account and shows that something about them is wrong."""

    def ask(
        self, by: Actor | None = None, field: Field = Field.PHONE, value: str = NEW_PHONE, **more: Any
    ) -> str:
        """Ask for a correction of 李明's data at the desk, unless told otherwise."""
        number = self.ask_only(by, field, value, **more)
        if field is Field.PHONE:  # the desk has seen the person and called the old number back
            proofs = ["document", "call_back"]
            self.do(number, "prove_phones", self.clerk, outcome="at_counter", proofs=proofs)
        return number

    def ask_only(
        self, by: Actor | None = None, field: Field = Field.PHONE, value: str = NEW_PHONE, **more: Any
    ) -> str:
        """Ask, and prove nothing yet."""
        asked = Asked(
            field, self.house, more.pop("person", self.owner_person), value, "办卡时登记错了", **more
        )
        return self.engine.run(by or self.clerk, lambda work: corrections.request(work, asked))

    def evidence(self, by: Actor) -> tuple[int, ...]:
        """Let somebody photograph a paper."""
        return (int(self.photo(by)),)

    def check(self, number: str, by: Actor, again: str | None = None, step: str = "check_by_clerk") -> None:
        """Let somebody find that the new value agrees with the paper."""
        answers = {"outcome": "confirm"} | ({} if again is None else {"again": again})
        self.do(number, step, by, **answers)

    def withdraw(self, number: str, by: Actor) -> None:
        """Let somebody withdraw a correction."""
        case = self.case(number)
        self.engine.run(by, lambda work: instances.cancel(work, case.id, "又不改了"))

    def correction(self, number: str) -> Any:
        """Return the row of a correction."""
        with self.engine.reading(SYSTEM) as work:
            query = select(data_correction).where(data_correction.c.number == number)
            return work.connection.execute(query).one()

    def on_record(self, field: Field, record_id: int | None = None) -> str:
        """Return what is on record."""
        with self.engine.work(SYSTEM) as work:
            return correction_values.current(work, Target(field, record_id or self.owner_person))

    def login(self, actor: Actor, phone: str) -> None:
        """Let a resident sign in with a phone."""
        with self.engine.work(SYSTEM) as work:
            add_login(work, actor.id, phone, "mobile")

    def vehicle(self, plate: str) -> int:
        """Enter a vehicle of the house."""
        with self.engine.work(SYSTEM) as work:
            return entry.add_vehicle(work, self.house, self.owner_person, plate)

    def family(self, name: str) -> int:
        """Enter a family member of the house."""
        person = self.person(name, "")
        self.relate(person, self.house, RelationKind.FAMILY)
        return person
