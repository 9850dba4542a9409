"""Where an actor holds a permission, for queries that show only what lies there."""

from sqlalchemy import ColumnElement, true

from engine.work import Work


def scopes_with(work: Work, permission: str) -> frozenset[int] | None:
    """Return the communities or houses where the actor holds a permission; None means everywhere."""
    if work.may(permission):
        return None
    return frozenset(
        scope_id for held, scope_id in work.grants.permissions if held == permission and scope_id is not None
    )


def within(work: Work, permission: str, column: ColumnElement[int]) -> ColumnElement[bool]:
    """Say in SQL that a column's scope is one where the actor holds a permission."""
    scopes = scopes_with(work, permission)
    return true() if scopes is None else column.in_(scopes)


def require_somewhere(work: Work, permission: str) -> None:
    """Refuse an actor who holds a permission nowhere.

    Raises:
        NotPermitted: naming the permission.
    """
    if scopes_with(work, permission) == frozenset():
        work.require(permission)
