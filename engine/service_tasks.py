"""What a step of a diagram may call: marked functions, and the context they are given."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from types import ModuleType
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from engine.ports import Actor, Json, Library
from engine.work import Work

F = TypeVar("F", bound=Callable[..., Any])

_MARK = "__wuye_topic__"
_KINDS = ("handler", "completion", "form_data", "successor", "barred", "occupied")  # in the order of Library


@dataclass(frozen=True, slots=True)
class Context:
    """Where a handler, a completion command or a form's data query is called from.

    Attributes:
        process_key: of the root case.
        business_key: of the case, such as "R20261123-0007".
        scope_id: community of the case.
        resident_scope_id: house of the case, if it has one.
        step: id of the element in its diagram.
        task_id: the user task, for completion commands and form data.
        key: the same for every attempt of the same step, for effects that must happen once.
    """

    work: Work
    instance_id: int
    process_key: str
    business_key: str
    scope_id: int
    resident_scope_id: int | None
    step: str
    task_id: int | None
    key: str

    @property
    def session(self) -> Session:
        """The ORM session of the Work."""
        return self.work.session

    @property
    def connection(self) -> Connection:
        """The Core connection of the Work."""
        return self.work.connection

    @property
    def now(self) -> datetime:
        """The moment of the Work."""
        return self.work.now

    @property
    def actor(self) -> Actor:
        """Who acts."""
        return self.work.actor


def _mark(kind: str, *topics: str) -> Callable[[F], F]:
    def mark(function: F) -> F:
        setattr(function, _MARK, (kind, topics))
        return function

    return mark


def service_task(topic: str) -> Callable[[F], F]:
    """Offer a function to service tasks of type external with this topic."""
    return _mark("handler", topic)


def completion(topic: str) -> Callable[[F], F]:
    """Offer a function to forms as `on_complete`; it gets the validated answers."""
    return _mark("completion", topic)


def form_data(topic: str) -> Callable[[F], F]:
    """Offer a query to forms as `on_open`; it returns facts, values and options to show.

    Keys under "without" name fields that the form leaves out for this case, or single options of one, such as
    "outcome.restrict".
    """
    return _mark("form_data", topic)


def successor(topic: str) -> Callable[[F], F]:
    """Offer a function that is told who does a step from now on; the topic is "process.variable".

    It refuses whom the step cannot go to before it changes anything.
    """
    return _mark("successor", topic)


def barred(*completions: str) -> Callable[[F], F]:
    """Offer a query that says who may not do the steps whose forms these commands complete.

    It gets the business keys of some cases and returns the accounts by business key; from a case without any
    nobody is kept. It asks once for all of them, for lists show many steps.

    Nobody is offered such a step, takes it or has it handed to them whom its command would refuse.
    """
    return _mark("barred", *completions)


def occupied(*completions: str) -> Callable[[F], F]:
    """Offer a query that says who is expected elsewhere when the steps that these commands complete are due.

    It is asked as the one of `barred`. Nobody is shown as able to be given such a step whom its successor
    would refuse; once the hour is another one, they are.
    """
    return _mark("occupied", *completions)


def collect(modules: Iterable[ModuleType]) -> Library:
    """Gather the marked functions of modules.

    Raises:
        ValueError: two functions claim one topic, or somebody is kept from what nothing completes.
    """
    found: dict[str, dict[str, Callable[..., Any]]] = {}
    for kind in _KINDS:
        found[kind] = {}
    for module in modules:
        for value in vars(module).values():
            if not hasattr(value, _MARK) or value.__module__ != module.__name__:
                continue
            kind, topics = getattr(value, _MARK)
            for topic in topics:
                if topic in found[kind]:
                    raise ValueError(f"two functions claim {kind} topic {topic!r}")
                found[kind][topic] = value
    if unknown := (found["barred"].keys() | found["occupied"].keys()) - found["completion"].keys():
        raise ValueError(f"nothing completes {sorted(unknown)}, from which somebody is kept")
    return Library(*(found[kind] for kind in _KINDS))


def checked_json(value: object) -> Json:
    """Return a value unchanged if it is plain JSON.

    Raises:
        TypeError, ValueError: naming what is not JSON.
    """
    json.dumps(value, allow_nan=False)
    _refuse_keys(value)
    return value  # type: ignore[return-value]  # json.dumps and the key check have just proved it


def _refuse_keys(value: object) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError(f"key {key!r} is not a string")
            _refuse_keys(item)
    elif isinstance(value, list):
        for item in value:
            _refuse_keys(item)
    elif value is not None and not isinstance(value, bool | int | float | str):
        raise TypeError(f"{type(value).__name__} is not JSON")
