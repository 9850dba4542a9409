"""What the figures are compared with: plain SpiffWorkflow, and the databases' own commits."""

import sqlite3
from pathlib import Path
from typing import Any

import psycopg
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.util.task import TaskState
from sqlalchemy.engine import make_url

from bench.flow import KEY, STEPS, model
from engine.clock import monotonic


class Spiff:
    """The same procedure run by stock SpiffWorkflow: its own parser, specs, workflow and serializer."""

    def __init__(self, xml: bytes | None = None) -> None:
        parser = BpmnParser()
        parser.add_bpmn_str(xml or model())
        self._spec = parser.get_spec(KEY)
        self._serializer = BpmnWorkflowSerializer()

    def start(self) -> Any:
        """Start a case and run it to its first step."""
        workflow = BpmnWorkflow(self._spec)
        workflow.do_engine_steps()
        return workflow

    def complete(self, workflow: Any) -> None:
        """Complete the open step and run on."""
        workflow.get_tasks(state=TaskState.READY, manual=True)[0].run()
        workflow.do_engine_steps()

    def rate_in_memory(self, cases: int) -> float:
        """Return completions a second of live workflows; nothing is kept."""
        workflows = [self.start() for _ in range(cases)]
        begun = monotonic()
        for _ in STEPS:
            for workflow in workflows:
                self.complete(workflow)
        return cases * len(STEPS) / (monotonic() - begun)

    def rate_as_json(self, folder: Path, cases: int) -> float:
        """Return completions a second where each loads and writes the whole workflow as JSON."""
        connection = sqlite(folder / "json.db")
        connection.execute("CREATE TABLE IF NOT EXISTS state (id INTEGER PRIMARY KEY, body TEXT)")
        connection.execute("DELETE FROM state")
        for number in range(cases):
            body = self._serializer.serialize_json(self.start())
            connection.execute("INSERT INTO state VALUES (?, ?)", (number, body))
        begun = monotonic()
        for _ in STEPS:
            for number in range(cases):
                self._step(connection, number)
        taken = monotonic() - begun
        connection.close()
        return cases * len(STEPS) / taken

    def _step(self, connection: sqlite3.Connection, number: int) -> None:
        connection.execute("BEGIN IMMEDIATE")
        (body,) = connection.execute("SELECT body FROM state WHERE id = ?", (number,)).fetchone()
        workflow = self._serializer.deserialize_json(body)
        self.complete(workflow)
        body = self._serializer.serialize_json(workflow)
        connection.execute("UPDATE state SET body = ? WHERE id = ?", (body, number))
        connection.execute("COMMIT")

    def bytes_as_json(self) -> int:
        """Return how large the JSON of one open case is."""
        return len(self._serializer.serialize_json(self.start()).encode())

    def rate_of_timers(self, folder: Path, cases: int) -> float:
        """Return how many cases a second are loaded as JSON, moved by a due timer, and written back."""
        spiff = Spiff(model().replace(b"PT30M", b"PT0S"))
        connection = sqlite(folder / "timers.db")
        connection.execute("CREATE TABLE state (id INTEGER PRIMARY KEY, body TEXT)")
        for number in range(cases):
            body = self._serializer.serialize_json(spiff.start())
            connection.execute("INSERT INTO state VALUES (?, ?)", (number, body))
        begun = monotonic()
        for number in range(cases):
            connection.execute("BEGIN IMMEDIATE")
            (body,) = connection.execute("SELECT body FROM state WHERE id = ?", (number,)).fetchone()
            workflow = self._serializer.deserialize_json(body)
            workflow.refresh_waiting_tasks()
            workflow.do_engine_steps()
            body = self._serializer.serialize_json(workflow)
            connection.execute("UPDATE state SET body = ? WHERE id = ?", (body, number))
            connection.execute("COMMIT")
        taken = monotonic() - begun
        connection.close()
        return cases / taken


def sqlite(path: Path) -> sqlite3.Connection:
    """Open a database as durable as the product's: every commit is on the disk before it returns."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    return connection


def rate_of_sqlite_commits(folder: Path, seconds: float) -> float:
    """Return commits a second of one changed row each."""
    connection = sqlite(folder / "floor.db")
    connection.execute("CREATE TABLE IF NOT EXISTS row (id INTEGER PRIMARY KEY, n INTEGER)")
    connection.execute("INSERT OR IGNORE INTO row VALUES (1, 0)")
    begun, count = monotonic(), 0
    while monotonic() - begun < seconds:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE row SET n = n + 1 WHERE id = 1")
        connection.execute("COMMIT")
        count += 1
    taken = monotonic() - begun
    connection.close()
    return count / taken


def rate_of_postgres_commits(url: str, seconds: float) -> float:
    """Return commits a second of one changed row each, synchronous."""
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS bench_row (id int PRIMARY KEY, n int)")
        connection.execute("INSERT INTO bench_row VALUES (1, 0) ON CONFLICT DO NOTHING")
        connection.commit()
        begun, count = monotonic(), 0
        while monotonic() - begun < seconds:
            connection.execute("UPDATE bench_row SET n = n + 1 WHERE id = 1")
            connection.commit()
            count += 1
        return count / (monotonic() - begun)
