"""What makes two entries the same, and who may be the second person: plain values in, plain values out."""

import hmac
from collections.abc import Collection, Iterable, Mapping

from engine.ports import Membership
from handlers.accounts.permissions import POST_PERMISSIONS, Post
from handlers.checking.fields import Field, normalised
from handlers.checking.records import Risk
from handlers.errors import FieldsInvalid
from handlers.shared.permissions import Permission


def permission_to_check(risk: str, fields: Collection[str], *, goes_to_lead: bool) -> Permission:
    """Return what the second person must be allowed to: amounts are for finance, high risks for the lead."""
    if Field.AMOUNT in fields:
        return Permission.FEE_CHECK
    if risk == Risk.HIGH or goes_to_lead:
        return Permission.HOUSE_CHECK
    return Permission.OWNER_CHECK


def different(
    entered: Mapping[str, str], typed_again: Iterable[str], retyped: Mapping[str, str]
) -> tuple[Field, ...]:
    """Return the fields that the second person typed otherwise than the first.

    Raises:
        FieldsInvalid: one was left out, or cannot be a value of its field.
    """
    wrong: dict[str, tuple[str, Mapping[str, object]]] = {}
    found = []
    for field in map(Field, typed_again):
        text = retyped.get(field, "")
        if not text.strip():
            wrong[field] = ("请对照原件重新输入", {})
            continue
        try:
            again = normalised(field, text)
        except FieldsInvalid as error:
            wrong |= error.fields
            continue
        if not hmac.compare_digest(normalised(field, entered[field]).encode(), again.encode()):
            found.append(field)
    if wrong:
        raise FieldsInvalid(wrong)
    return tuple(found)


def capacities(
    memberships: Iterable[Membership], permission: Permission, community_id: int
) -> tuple[int | None, ...]:
    """Return for whom somebody holds a permission in a community: None for themselves, or absent people."""
    return tuple(
        member.on_behalf_of
        for member in memberships
        if member.scope_id == community_id
        and member.group in set(Post)
        and permission in POST_PERMISSIONS[Post(member.group)]
    )
