"""Tells people about a change: ids and codes go into the outbox, texts are made when it is sent."""

from collections.abc import Iterable

from engine.ids import new_id
from engine.work import Work
from handlers.moving import people, rules
from handlers.moving.cases import Case
from handlers.shared.messages import notification


def to_people(work: Work, case: Case, person_ids: Iterable[int], template: str) -> None:
    """Tell people by the numbers that their records hold."""
    _put(work, case, [f"person:{person_id}" for person_id in dict.fromkeys(person_ids)], template)


def to_owners(work: Work, case: Case, template: str) -> None:
    """Tell the owners of a case's house."""
    found = people.standings(work, case.house_id)
    to_people(work, case, [one.person_id for one in found if one.kind in rules.OWNERS], template)


def to_post(work: Work, case: Case, post: str, template: str) -> None:
    """Tell whoever holds a post in the case's community now."""
    found = work.engine.directory.recipients(work.connection, post, case.community_id, work.now)
    _put(work, case, [f"account:{account_id}" for account_id in found], template)


def _put(work: Work, case: Case, recipients: list[str], template: str) -> None:
    items = [
        notification(template, [to], f"moving:{case.id}:{template}:{new_id()}", case_id=str(case.id))
        for to in recipients
    ]
    work.engine.outbox.put_many(work.connection, items, work.now)
