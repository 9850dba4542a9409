"""Who is signed in, as pages need to know it."""

from functools import cached_property

from flask_login import UserMixin

from engine.ports import Actor, Grants
from engine.work import Engine
from handlers.accounts import substitution
from handlers.accounts.permissions import POST_NAMES
from handlers.accounts.sessions import SignedIn
from handlers.accounts.substitution import Substitution
from handlers.estate import communities
from handlers.shared.permissions import Permission
from web.texts import gettext
from web.words import either, person_name


class Person(UserMixin):  # type: ignore[misc]  # Flask-Login has no types
    """Somebody behind a live session.

    Attributes:
        token: of the session; it is what Flask-Login remembers, so ending the session signs out at once.
    """

    def __init__(self, engine: Engine, token: str, signed_in: SignedIn) -> None:
        self._engine = engine
        self.token = token
        self.signed_in = signed_in

    def get_id(self) -> str:
        """Return what Flask-Login keeps in its cookie."""
        return self.token

    @property
    def actor(self) -> Actor:
        """Who acts."""
        return self.signed_in.actor

    @property
    def name(self) -> str:
        """The person's own name."""
        return person_name(self.signed_in.name)

    @property
    def is_staff(self) -> bool:
        """Tell whether this is a member of staff."""
        return self.actor.kind == "staff"

    @property
    def is_unfinished(self) -> bool:
        """Tell whether a new password, the acceptance of responsibility or a second proof is missing."""
        signed_in = self.signed_in
        return (
            signed_in.must_change_password
            or signed_in.must_accept
            or signed_in.must_enrol
            or signed_in.must_prove
        )

    @property
    def next_step(self) -> str:
        """Name the route of what is missing first."""
        if self.signed_in.must_prove:
            return "second_factor.code"
        is_new = self.signed_in.must_change_password or self.signed_in.must_accept
        return "account.first_steps" if is_new else "second_factor.show"

    @cached_property
    def grants(self) -> Grants:
        """What the person may do at the moment of this request."""
        with self._engine.reading(self.actor) as work:
            return work.grants

    @property
    def posts(self) -> list[str]:
        """The person's posts, in the reader's language."""
        if not self.is_staff:
            return [gettext("住户")]
        groups = dict.fromkeys(member.group for member in self.grants.memberships if not member.on_behalf_of)
        return [either(*POST_NAMES[group]) for group in groups]

    @cached_property
    def stands_in_for(self) -> list[Substitution]:
        """For whom the person acts now, and until when."""
        if not self.is_staff or not self.grants.stands_in_for:
            return []
        with self._engine.reading(self.actor) as work:
            return substitution.lent_to(work)

    @cached_property
    def permissions(self) -> frozenset[str]:
        """Permissions held anywhere; commands ask again for the place they act on."""
        return frozenset(permission for permission, _ in self.grants.permissions)

    def may(self, *permissions: str) -> bool:
        """Tell whether one of the permissions is held anywhere."""
        return not self.permissions.isdisjoint(permissions)

    @property
    def is_crew(self) -> bool:
        """Tell whether the person goes out to repair, and works from a phone; leads work from the inbox."""
        return self.may(Permission.REPAIR_WORK) and not self.may(Permission.REPAIR_DISPATCH)

    @property
    def may_be_rung(self) -> bool:
        """Tell whether urgent repairs may ring for this person: repair staff, leads, project managers."""
        return self.may(Permission.REPAIR_WORK, Permission.REPAIR_DISPATCH, Permission.INSTANCE_OPERATE)

    def only_scope(self, permission: str) -> int | None:
        """Return the one community in which a permission is held; None when there are several."""
        scopes = {scope for held, scope in self.grants.permissions if held == permission}
        return next(iter(scopes)) if len(scopes) == 1 else None

    @cached_property
    def desk_phone(self) -> str:
        """The number of the desk of a resident's first house."""
        if self.is_staff:
            return ""
        with self._engine.reading(self.actor) as work:
            return next((house.desk_phone for house in communities.own_houses(work) if house.desk_phone), "")
