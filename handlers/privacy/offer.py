"""What privacy offers to the installation: steps, tables, messages and jobs."""

from collections.abc import Mapping
from types import ModuleType

from handlers.privacy import records
from handlers.shared.messages import Template
from handlers.shared.outbox import JobFunction

TOPIC_MODULES: tuple[ModuleType, ...] = ()
RECORDS: tuple[ModuleType, ...] = (records,)
JOBS: Mapping[str, JobFunction] = {}
TEMPLATES: tuple[Template, ...] = ()
