"""What the pages about staff accounts show."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from engine.work import Work
from handlers.accounts import granting, lending, staff_file
from handlers.accounts.granting import Deviation
from handlers.accounts.lending import Loan
from handlers.accounts.permissions import POST_NAMES, Post
from handlers.accounts.staff_file import Held, Listed, StaffFile
from handlers.estate import communities
from handlers.shared import limits
from handlers.shared.permissions import Permission
from web.lists import post_name
from web.roster_words import post_words
from web.texts import gettext, lazy_gettext
from web.words import person_names

# state -> its word and the colour of its tag
_STATES = {
    "active": (lazy_gettext("在用"), "fine"),
    "disabled": (lazy_gettext("已停用"), ""),
    "dormant": (lazy_gettext("久未使用，已锁定"), "late"),
    "waiting": (lazy_gettext("待首次登录"), "soon"),
    "lapsed": (lazy_gettext("初始密码已过期"), "late"),
}


@dataclass(frozen=True)
class Line:
    """A member of staff in the list."""

    id: int
    name: str
    department: str
    state: str
    look: str
    posts: str
    last_sign_in: datetime | None


@dataclass(frozen=True)
class Asked:
    """A post that waits for approval, in words."""

    id: int
    account_id: int
    name: str
    post: str
    place: str
    held: str
    asker: str
    asked_at: datetime
    may_decide: bool


@dataclass(frozen=True)
class ListScreen:
    """The list of staff.

    Attributes:
        after: id after which the next page begins; None at the end.
        too_much: who holds posts that belong apart, in words.
    """

    state: str
    lines: tuple[Line, ...]
    after: int | None
    asked: tuple[Asked, ...]
    loans: tuple[Loan, ...]
    too_much: tuple[str, ...]


@dataclass(frozen=True)
class PostLine:
    """A post that somebody holds or held, in words."""

    id: int
    post: str
    place: str
    granted_at: datetime
    granter: str
    ended_at: datetime | None
    ender: str
    is_over: bool


@dataclass(frozen=True)
class FileScreen:
    """Everything about one account.

    Attributes:
        substitutes: name by account id of each who stands in, or is stood in for.
    """

    file: StaffFile
    state: str
    look: str
    posts: tuple[PostLine, ...]
    registered_by: str
    substitutes: Mapping[int, str]
    places: tuple[communities.Community, ...]
    post_names: tuple[tuple[str, str], ...]
    may_register: bool
    may_grant: bool
    may_unlock: bool
    holds_posts: bool
    may_end_sessions: bool
    reset_asked_by: str
    may_ask_reset: bool
    may_confirm_reset: bool
    may_confirm_phone: bool


def list_screen(work: Work, state: str, after: int) -> ListScreen:
    """Read a page of the list of staff, with what waits for approval."""
    found = staff_file.listed(work, state, after)
    is_everywhere = work.may(Permission.ACCOUNT_READ)
    return ListScreen(
        state,
        tuple(_line(one) for one in found),
        found[-1].id if len(found) == limits.PAGE_ROWS else None,
        _asked(work, granting.waiting(work)) if is_everywhere else (),
        tuple(lending.waiting(work)) if is_everywhere else (),
        tuple(
            gettext("%(name)s同时担任%(posts)s", name=name, posts=post_words(posts))
            for name, posts in (granting.people_with_too_much(work) if is_everywhere else ())
        ),
    )


def file_screen(work: Work, account_id: int) -> FileScreen:
    """Read everything about one account."""
    file = staff_file.file_of(work, account_id)
    line = _line(file.listed)
    stand_ins = [one.substitute_id for one in file.away if one.substitute_id is not None]
    stand_ins += [one.absent_id for one in file.stands_in]
    asker = file.reset_asked_by
    who = {file.created_by, *stand_ins, *([asker] if asker is not None else [])}
    names = person_names(work, who | _hands(file.listed.posts))
    places = tuple(communities.every(work))
    is_self = account_id == work.actor.id
    return FileScreen(
        file=file,
        state=line.state,
        look=line.look,
        posts=_post_lines(file.listed.posts, names, places),
        registered_by=names[file.created_by],
        substitutes={one: names[one] for one in stand_ins},
        places=places,
        post_names=tuple((str(post), post_name(post)) for post in POST_NAMES if post in set(Post)),
        may_register=work.may(Permission.ACCOUNT_REGISTER),
        may_grant=work.may(Permission.ACCOUNT_GRANT) and not is_self,
        holds_posts=any(not one.is_over for one in file.listed.posts),
        may_unlock=work.may(Permission.ACCOUNT_UNLOCK),
        may_end_sessions=work.may(Permission.ACCOUNT_END_SESSIONS),
        reset_asked_by=names[asker] if asker is not None else "",
        may_ask_reset=not is_self and asker is None and work.may(Permission.ACCOUNT_END_SESSIONS),
        may_confirm_reset=not is_self
        and asker not in (None, work.actor.id)
        and (work.may(Permission.ACCOUNT_END_SESSIONS) or work.may(Permission.ACCOUNT_REGISTER)),
        may_confirm_phone=not is_self
        and file.phone_settles_at is not None
        and file.phone_changed_by != work.actor.id
        and work.may(Permission.ACCOUNT_GRANT),
    )


def _line(one: Listed) -> Line:
    state, look = _STATES[one.state]
    posts = dict.fromkeys(held.post for held in one.posts if not held.is_over)
    return Line(one.id, one.name, one.department, str(state), look, post_words(posts), one.last_sign_in)


def _hands(posts: Iterable[Held]) -> set[int]:
    found = {one.granted_by for one in posts}
    return found | {one.ended_by for one in posts if one.ended_by is not None}


def _post_lines(
    posts: Iterable[Held], names: Mapping[int, str], places: Iterable[communities.Community]
) -> tuple[PostLine, ...]:
    place_names = {one.id: one.name for one in places}
    lines = [
        PostLine(
            one.id,
            post_name(one.post),
            _place(place_names, one.community_id),
            one.granted_at,
            names[one.granted_by],
            one.ended_at,
            names[one.ended_by] if one.ended_by is not None else "",
            one.is_over,
        )
        for one in posts
    ]
    return tuple(sorted(lines, key=lambda line: line.is_over))


def _place(place_names: Mapping[int, str], community_id: int | None) -> str:
    return gettext("所有小区") if community_id is None else place_names.get(community_id, "")


def _asked(work: Work, found: Iterable[Deviation]) -> tuple[Asked, ...]:
    rows = tuple(found)
    names = person_names(work, [one.asked_by for one in rows])
    place_names = {one.id: one.name for one in communities.every(work)} if rows else {}
    return tuple(
        Asked(
            one.id,
            one.account_id,
            one.name,
            post_name(one.post),
            _place(place_names, one.community_id),
            post_words(one.held),
            names[one.asked_by],
            one.asked_at,
            one.may_decide,
        )
        for one in rows
    )
