"""Deletes what has a period of its own and stands in one table: plates, sign-ins, messages, drafts."""

from collections.abc import Iterator
from datetime import datetime

from engine.store.tables import inbox_filter
from engine.work import Work
from handlers.accounts.records import account_session
from handlers.estate.records import (
    estate_import,
    estate_import_problem,
    estate_more_looks,
    estate_vehicle,
)
from handlers.privacy.erasing_traces import of_sibling
from handlers.privacy.retention_parts import Due, Part, delete, empty, first
from handlers.shared.records import outbox_message


def vehicles(work: Work, cutoff: datetime, _after: int) -> Part:
    """Delete vehicles that left."""
    return delete(work, Due(estate_vehicle, estate_vehicle.c.valid_to), cutoff)


def sessions(work: Work, cutoff: datetime, _after: int) -> Part:
    """Delete sessions that are over."""
    return delete(work, Due(account_session, account_session.c.expires_at), cutoff)


def messages(work: Work, cutoff: datetime, _after: int) -> Part:
    """Delete messages that were kept."""
    return delete(work, Due(outbox_message, outbox_message.c.sent_at), cutoff)


def more_looks(work: Work, cutoff: datetime, _after: int) -> Part:
    """Delete what staff asked for when a quota was used up."""
    return delete(work, Due(estate_more_looks, estate_more_looks.c.asked_at), cutoff)


def imports(work: Work, cutoff: datetime, _after: int) -> Part:
    """Delete what imports left out, and forget what their files were called and why they were released."""

    def parts() -> Iterator[Part]:
        of_import = estate_import_problem.join(
            estate_import, estate_import.c.id == estate_import_problem.c.import_id
        )
        since = estate_import.c.imported_at
        yield delete(work, Due(estate_import_problem, since, source=of_import), cutoff)
        for text in (estate_import.c.file_name, estate_import.c.release_note):
            yield empty(work, Due(estate_import, since, (text.is_not(None),)), (text.name,), cutoff)

    return first(parts())


def report_drafts(work: Work, cutoff: datetime, _after: int) -> Part:
    """Delete reports that were begun and not sent."""
    draft = of_sibling("repair_report_draft")
    return delete(work, Due(draft, draft.c.saved_at), cutoff)


def searches(work: Work, cutoff: datetime, _after: int) -> Part:
    """Delete what was looked for and not saved under a name."""
    unnamed = (inbox_filter.c.is_named.is_(False),)
    return delete(work, Due(inbox_filter, inbox_filter.c.saved_at, unnamed), cutoff)
