"""Names who could do what needs a permission, so that people know whom to ask."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import or_, select

from engine.errors import NotPermitted
from engine.work import Work
from handlers.accounts.permissions import POST_PERMISSIONS, Post
from handlers.accounts.records import account, account_post
from handlers.shared.permissions import Permission


@dataclass(frozen=True)
class Holder:
    """Somebody who holds a permission; `post` is the one it comes with."""

    id: int
    name: str
    post: str


def holders(work: Work, permission: Permission, communities: Collection[int]) -> list[Holder]:
    """List who holds a permission in every one of some communities, by id; staff may know.

    Raises:
        NotPermitted: to residents.
    """
    if work.actor.kind not in ("staff", "system"):
        raise NotPermitted("permission_missing", "您没有“{permission}”权限", permission=permission)
    posts = [post for post, permissions in POST_PERMISSIONS.items() if permission in permissions]
    rows = work.connection.execute(
        select(account.c.id, account.c.name, account_post.c.post, account_post.c.community_id)
        .join(account_post, account_post.c.account_id == account.c.id)
        .where(
            account.c.kind == "staff",
            account.c.state == "active",
            account_post.c.post.in_(posts),
            or_(account_post.c.ended_at.is_(None), account_post.c.ended_at > work.now),
        )
        .order_by(account.c.id)
    ).all()
    held: dict[int, set[int | None]] = defaultdict(set)
    for row in rows:
        held[row.id].add(row.community_id)
    wanted = frozenset(communities)
    unseal = work.engine.vault.open
    found = {
        row.id: Holder(row.id, unseal("account", "name", row.id, row.name), Post(row.post))
        for row in rows
        if None in held[row.id] or (wanted and wanted <= held[row.id])
    }
    return list(found.values())
