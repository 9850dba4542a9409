"""Puts an installation together: the only place that knows every part of it."""

from collections.abc import Callable, Mapping
from types import ModuleType

from engine.clock import Clock, SystemClock
from engine.ports import Library
from engine.service_tasks import collect
from engine.store.database import Database
from engine.stuck import TELL
from engine.work import Engine
from handlers import built_in
from handlers import settings as installation
from handlers.accounts import deliveries, lapses, stuck, trust
from handlers.accounts import records as account_records
from handlers.accounts.directory import AccountDirectory
from handlers.accounts.staff import FIRST_PASSWORD_JOB, OLD_PHONE_JOB
from handlers.checking import offer as checking
from handlers.estate import consents, import_running, import_undo, more_looks
from handlers.estate import records as estate_records
from handlers.estate.reaching import address_of_person
from handlers.moving import offer as moving
from handlers.owning import offer as owning
from handlers.policy import records as policy_records
from handlers.privacy import offer as privacy
from handlers.repair import offer as repair
from handlers.safety import offer as safety
from handlers.settings import Settings
from handlers.shared import (
    attachments,
    calls,
    case_files,
    lapsing,
    limits,
    long_work,
    messages,
    settled,
    texts,
    work_files,
)
from handlers.shared import records as shared_records
from handlers.shared.channels.choice import channels_of
from handlers.shared.key_file import ring_of
from handlers.shared.messages import MessageBook, book_of
from handlers.shared.outbox import LONG_WORK, Job, JobContext, JobFunction, Lane, TableOutbox
from handlers.shared.outbox_worker import Child, Worker
from handlers.shared.sealed import SealedVault
from handlers.staffing import offer as staffing

# Modules whose marked functions diagrams and forms may name.
TOPIC_MODULES: tuple[ModuleType, ...] = (
    *checking.TOPIC_MODULES,
    *repair.TOPIC_MODULES,
    *moving.TOPIC_MODULES,
    *owning.TOPIC_MODULES,
    *privacy.TOPIC_MODULES,
    *safety.TOPIC_MODULES,
    *staffing.TOPIC_MODULES,
)

# Importing these makes their tables known to the schema.
RECORDS: tuple[ModuleType, ...] = (
    account_records,
    estate_records,
    shared_records,
    policy_records,
    *checking.RECORDS,
    *repair.RECORDS,
    *moving.RECORDS,
    *owning.RECORDS,
    *privacy.RECORDS,
    *safety.RECORDS,
    *staffing.RECORDS,
)

# Work that takes longer than somebody waits for, by its kind.
LONG_KINDS: Mapping[str, long_work.Kind] = {
    import_running.IMPORT: import_running.take_over,
    import_undo.UNDO: import_undo.undo,
}

# What the outbox can run, by the name under which it is put there.
JOBS: Mapping[str, JobFunction] = {
    messages.NOTIFY: messages.notify,
    messages.DELIVER: messages.deliver,
    calls.CALL: calls.call,
    calls.RING: calls.ring,
    FIRST_PASSWORD_JOB: deliveries.first_password,
    OLD_PHONE_JOB: deliveries.old_phone,
    LONG_WORK: long_work.run(LONG_KINDS),
    TELL: stuck.tell,
    stuck.GATHERED: stuck.tell_gathered,
    **owning.JOBS,
    **checking.JOBS,
    **privacy.JOBS,
    **staffing.JOBS,
}

# What lapses by time alone, and is ended for good then.
LAPSES = (*lapses.LAPSES, *more_looks.LAPSES, *owning.LAPSES, *privacy.LAPSES)

# Every text that is sent to people.
TEMPLATES = (
    *texts.TEMPLATES,
    *consents.TEMPLATES,
    *checking.TEMPLATES,
    *repair.TEMPLATES,
    *moving.TEMPLATES,
    *owning.TEMPLATES,
    *privacy.TEMPLATES,
    *safety.TEMPLATES,
    *staffing.TEMPLATES,
)

# How the people that a message names by "kind:id" are reached.
ADDRESSES: Mapping[str, messages.AddressOf] = {
    "account": deliveries.address_of_account,
    "person": address_of_person,
    **checking.ADDRESSES,
    **repair.ADDRESSES,
}

# Who may see the photos of a record, by the kind of record that they are attached to.
ATTACHMENT_READERS: Mapping[str, attachments.Reader] = {
    **case_files.READERS,
    **consents.READERS,
    **checking.READERS,
    **repair.READERS,
}


def build(settings: Settings, clock: Clock | None = None, database: Database | None = None) -> Engine:
    """Build the engine of an installation, for the web, the command line, the worker and tests alike.

    Args:
        clock: the machine's own when absent.
        database: an open one; that of the settings when absent.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = database or Database(settings.database_url)
    vault = SealedVault(ring_of(settings, database), settings.key_file)
    engine = Engine(
        database=database,
        directory=AccountDirectory(vault),
        vault=vault,
        outbox=TableOutbox(),
        library=library(),
        clock=clock or SystemClock(),
    )
    installation.keep(engine, settings)
    settled.keep(engine, trust.require_settled)
    lapsing.keep_watch(engine, LAPSES)
    built_in.declare_calendars(engine)
    work_files.keep(engine, settings.work_dir, vault)
    attachments.keep_store(engine, settings.attachments_dir, vault, ATTACHMENT_READERS)
    return engine


def library() -> Library:
    """Collect the Python behind the topics."""
    return collect(TOPIC_MODULES)


def message_book() -> MessageBook:
    """Collect the texts and the ways to find people."""
    return book_of(TEMPLATES, ADDRESSES)


def outbox_worker(engine: Engine) -> Worker:
    """Return a worker whose children run the outbox's jobs; `serve` it in a thread, or `drain` it."""
    settings = installation.of(engine)
    environment = installation.as_environment(settings)
    children = [Child("handlers.bootstrap:job_runner", environment) for _ in range(settings.job_children)]
    return Worker(engine, children, settings.job_seconds)


def long_worker(engine: Engine) -> Worker:
    """Return a worker with one child for long work, so that it never keeps messages waiting."""
    environment = installation.as_environment(installation.of(engine))
    child = Child("handlers.bootstrap:job_runner", environment)
    return Worker(engine, [child], limits.LONG_SECONDS, Lane.LONG)


def job_runner() -> Callable[[Job], None]:
    """Return what runs jobs in a child process, built from the process's environment."""
    return runner_of(build(installation.from_environment()))


def runner_of(engine: Engine) -> Callable[[Job], None]:
    """Return what runs jobs with an engine."""
    channels = channels_of(engine, installation.of(engine))
    book = message_book()
    return lambda job: JOBS[job.name](JobContext(engine, channels, book, job))
