"""Puts an installation together: the only place that knows every part of it."""

from engine.clock import Clock, SystemClock
from engine.ports import Library
from engine.service_tasks import collect
from engine.store.database import Database
from engine.work import Engine
from handlers import settings as installation
from handlers.accounts import records as account_records
from handlers.accounts.directory import AccountDirectory
from handlers.estate import records as estate_records
from handlers.settings import Settings
from handlers.shared import records as shared_records
from handlers.shared.outbox import TableOutbox
from handlers.shared.sealed import KeyRing, SealedVault

# Modules whose marked functions diagrams and forms may name.
TOPIC_MODULES = ()

# Importing these makes their tables known to the schema.
RECORDS = (account_records, estate_records, shared_records)


def build(settings: Settings, clock: Clock | None = None, database: Database | None = None) -> Engine:
    """Build the engine of an installation, for the web, the command line, the worker and tests alike.

    Args:
        clock: the machine's own when absent.
        database: an open one; that of the settings when absent.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    vault = SealedVault(KeyRing.load(settings.key_file, settings.algorithm))
    engine = Engine(
        database=database or Database(settings.database_url),
        directory=AccountDirectory(vault),
        vault=vault,
        outbox=TableOutbox(),
        library=library(),
        clock=clock or SystemClock(),
    )
    installation.keep(engine, settings)
    return engine


def library() -> Library:
    """Collect the Python behind the topics."""
    return collect(TOPIC_MODULES)
