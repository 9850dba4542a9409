"""Speaks the domain for tests: puts houses, people, relations and staff into an empty installation."""

from datetime import datetime

from engine.ids import new_id
from engine.ports import SYSTEM, Actor
from engine.work import Engine
from handlers.accounts import installation, sign_in, staff
from handlers.accounts.booking import PlannedShift
from handlers.accounts.permissions import Post
from handlers.accounts.records import account
from handlers.accounts.roster import plan_shift
from handlers.estate import entry
from handlers.estate.address import Place
from handlers.estate.people import PersonEntry
from handlers.estate.records import RelationKind

PASSWORD = "Lantern-7-river"


class World:
    """A community 翠湖花园 with the houses 1栋2单元301 and 1栋2单元302."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        with engine.work(SYSTEM) as work:
            self.community = entry.add_community(work, "翠湖花园")
            self.other_community = entry.add_community(work, "云山府")
            self.house, self.neighbour = (
                entry.add_house(work, self.community, Place("1", "2", room)) for room in ("301", "302")
            )
        self._count = 0

    def staff(self, post: Post | None, community_id: int | None = None, *, everywhere: bool = False) -> Actor:
        """Register somebody who can sign in at once, with a post in the community unless told otherwise."""
        self._count += 1
        scope = None if everywhere else community_id or self.community
        with self.engine.work(SYSTEM) as work:
            account_id = staff.insert_staff(
                work,
                staff.Registration(
                    name=f"职员{self._count}", login=f"staff{self._count}", phone=f"1380000{self._count:04d}"
                ),
            )
            if post is not None:
                staff.insert_post(work, account_id, post, scope)
            password_hash = sign_in.hasher(self.engine).hash(PASSWORD)
            installation.make_usable(work, account_id, password_hash)
        return Actor(account_id, "staff")

    def login_of(self, actor: Actor) -> str:
        """Return the login name of a member of staff."""
        with self.engine.reading(SYSTEM) as work:
            row = work.connection.execute(account.select().where(account.c.id == actor.id)).one()
        return self.engine.vault.open("account", "login_name", actor.id, row.login_name)

    def another_house(self, room: str) -> int:
        """Enter one more house of 1栋2单元."""
        with self.engine.work(SYSTEM) as work:
            return entry.add_house(work, self.community, Place("1", "2", room))

    def person(self, name: str, phone: str, **more: str) -> int:
        """Enter a person."""
        with self.engine.work(SYSTEM) as work:
            return entry.add_person(work, PersonEntry(name=name, phone=phone, **more))

    def relate(self, person_id: int, house_id: int, kind: RelationKind = RelationKind.OWNER) -> int:
        """Relate a person to a house from now on, checked."""
        with self.engine.work(SYSTEM) as work:
            relation_id = entry.add_relation(work, entry.RelationEntry(house_id, person_id, kind))
            entry.mark_relation_checked(work, relation_id)
        return relation_id

    def resident(self, person_id: int) -> Actor:
        """Open an account for a person."""
        account_id = new_id()
        with self.engine.work(SYSTEM) as work:
            work.connection.execute(
                account.insert().values(
                    id=account_id,
                    kind="resident",
                    state="active",
                    person_id=person_id,
                    name=self.engine.vault.seal("account", "name", account_id, "住户"),
                    created_at=work.now,
                    created_by=0,
                )
            )
        return Actor(account_id, "resident")

    def shift(self, actor: Actor, starts_at: datetime, ends_at: datetime, *, is_lead: bool = False) -> int:
        """Put somebody on the roster."""
        with self.engine.work(SYSTEM) as work:
            return plan_shift(work, self.community, PlannedShift(actor.id, starts_at, ends_at, is_lead))
