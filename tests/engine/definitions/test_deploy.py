"""Deploying: what is stored, what is left out, what is refused, and what new cases run on."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from engine import definitions, deploying
from engine.check_problem import DeploymentRefused
from engine.clock import SettableClock
from engine.errors import DefinitionNotFound, NotPermitted, RuleBroken
from engine.ports import SYSTEM, Actor, Grants
from engine.store.database import Database
from engine.store.tables import bundle, definition, deployment, resource
from engine.work import Engine
from tests.engine.check.good import field, files, form
from tests.engine.definitions.conftest import engine_on

OWNER = Actor(7, "staff")


def deploy(engine: Engine, changed=None, **more) -> definitions.Deployment:
    """Deploy files, the good procedure where none are given."""
    return engine.run(SYSTEM, lambda work: definitions.deploy(work, "test", changed or files(), **more))


def refusal(engine: Engine, changed) -> list[tuple[str, str, str]]:
    """Return file, element and rule of everything that stops a deployment."""
    with pytest.raises(DeploymentRefused) as refused:
        deploy(engine, changed)
    return [
        (found.resource, found.element_id, found.rule) for found in refused.value.problems if found.is_error
    ]


def count(engine: Engine, table) -> int:
    """Count the rows of a table."""
    with engine.reading(SYSTEM) as work:
        return work.connection.execute(select(func.count()).select_from(table)).scalar_one()


def bundle_of(engine: Engine, key: str) -> int:
    """Return the bundle that new cases run on."""
    with engine.reading(SYSTEM) as work:
        return definitions.current_bundle(work.connection, key)


def changed_visit() -> dict[str, bytes]:
    """Return the called diagram with another label."""
    return {"visit.bpmn": files()["visit.bpmn"].replace("上门".encode(), "登门".encode())}


def test_a_first_deployment_stores_files_definitions_and_bundles(each_engine):
    deployed = deploy(each_engine)
    assert {(found.kind, found.key, found.version) for found in deployed.definitions} == {
        ("process", "repair", 1),
        ("process", "visit_process", 1),
        ("decision", "urgency_table", 1),
        ("decision", "escalation", 1),
        ("form", "accept_form", 1),
        ("form", "parts_form", 1),
        ("form", "rate_form", 1),
        ("form", "visit_form", 1),
        ("topics", "topics", 1),
    }
    assert set(deployed.bundles) == {"repair", "visit_process"}
    assert bundle_of(each_engine, "repair") == deployed.bundles["repair"]
    assert next(found.name for found in deployed.definitions if found.key == "repair") == "报修"


def test_a_bundle_compiles_to_a_program_shared_by_all(engine):
    deploy(engine)
    bundle_id = bundle_of(engine, "repair")
    with engine.reading(SYSTEM) as work:
        program = definitions.program(engine, work.connection, bundle_id)
        again = definitions.program(engine, work.connection, bundle_id)
        read = definitions.form(engine, work.connection, bundle_id, "rate_form")
    assert program is again
    assert program.starts == {"repair_online": "online", "repair_phone": "phone"}
    assert program.variables["repair", "stars"] == "number"
    assert program.variables["repair", "days"] == "list"
    assert list(read.fields) == ["stars"]


def test_the_same_files_again_store_nothing(engine):
    first = deploy(engine)
    second = deploy(engine)
    assert second.definitions == ()
    assert second.bundles == {}
    assert count(engine, deployment) == 1
    assert bundle_of(engine, "repair") == first.bundles["repair"]


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ('process id="repair"', 'process id="Process_1"', "lost_process"),
        ('name="repair_phone"', 'name="repair_call"', "lost_start"),
    ],
)
def test_what_the_platform_starts_keeps_its_id_and_its_messages(engine, old, new, rule):
    deploy(engine)
    changed = {"repair.bpmn": files()["repair.bpmn"].replace(old.encode(), new.encode())}
    assert refusal(engine, changed) == [("repair.bpmn", "repair", rule)]


def test_what_an_error_brings_about_in_other_files_is_not_told_beside_it(engine):
    deploy(engine)
    diagram = files()["repair.bpmn"].replace(b'calledElement="visit_process"', b'calledElement="visits"')
    assert refusal(engine, {"repair.bpmn": diagram}) == [("repair.bpmn", "visit", "called")]
    assert refusal(engine, {"urgency.dmn": b"<cut"}) == [("urgency.dmn", "", "malformed")]


def test_without_duplicate_filtering_the_same_files_become_new_versions(engine):
    deploy(engine)
    second = deploy(engine, duplicate_filtering=False)
    assert {found.version for found in second.definitions} == {2}
    assert bundle_of(engine, "repair") == second.bundles["repair"]


def test_only_the_changed_file_of_several_becomes_a_new_version(engine):
    deploy(engine)
    second = deploy(engine, files() | changed_visit())
    assert [(found.key, found.version) for found in second.definitions] == [("visit_process", 2)]


def test_a_changed_called_diagram_makes_new_bundles_of_its_callers_too(each_engine):
    first = deploy(each_engine)
    second = deploy(each_engine, changed_visit())
    assert set(second.bundles) == {"repair", "visit_process"}
    with each_engine.reading(SYSTEM) as work:
        old = definitions.program(each_engine, work.connection, first.bundles["repair"])
        new = definitions.program(each_engine, work.connection, second.bundles["repair"])
    assert old.steps["visit_process", "go"].name == "上门"
    assert new.steps["visit_process", "go"].name == "登门"


def test_a_changed_file_that_one_procedure_does_not_use_leaves_it_alone(engine):
    deploy(engine)
    visit_bundle = bundle_of(engine, "visit_process")
    second = deploy(engine, {"parts.form": form("parts_form", field("textfield", "which"))})
    assert set(second.bundles) == {"repair"}
    assert bundle_of(engine, "visit_process") == visit_bundle


def test_a_changed_ladder_makes_new_bundles_of_every_procedure(engine):
    deploy(engine)
    ladders = files()["escalation.dmn"].replace(b"100%", b"80%")
    assert set(deploy(engine, {"escalation.dmn": ladders}).bundles) == {"repair", "visit_process"}


def test_a_table_that_a_diagram_needs_cannot_lose_an_output(engine):
    deploy(engine)
    table = files()["urgency.dmn"].replace(b'name="accept_limit"', b'name="other"')
    assert refusal(engine, {"urgency.dmn": table}) == [("repair.bpmn", "accept", "unknown_name")]
    assert count(engine, deployment) == 1


def test_a_form_that_a_diagram_needs_cannot_lose_a_variable(engine):
    deploy(engine)
    changed = {"visit.form": form("visit_form", field("checkbox", "repaired"))}
    assert {file for file, _, _ in refusal(engine, changed)} == {"repair.bpmn"}


def test_what_was_wrong_before_in_another_file_does_not_stop_a_deployment(engine):
    deploy(engine)
    engine.directory.groups = lambda: frozenset({"rp", "resident", "csl"})  # the post cs was abolished
    deployed = deploy(engine, {"parts.form": form("parts_form", field("textfield", "which"))})
    assert [found.key for found in deployed.definitions] == ["parts_form"]
    diagram = files()["repair.bpmn"].replace("催办".encode(), "催".encode())
    assert ("repair.bpmn", "lane_cs", "unknown_group") in refusal(engine, {"repair.bpmn": diagram})


def test_a_procedure_may_move_to_a_file_of_another_name(engine):
    deploy(engine)
    moved = deploy(engine, {"visit_2.bpmn": files()["visit.bpmn"]})
    assert [(found.key, found.version) for found in moved.definitions] == [("visit_process", 2)]
    with engine.reading(SYSTEM) as work:
        assert "visit.bpmn" not in definitions.current_files(work.connection)
        program = definitions.program(engine, work.connection, bundle_of(engine, "repair"))
    assert program.key == "repair"


def test_a_diagram_that_needs_undeployed_files_is_refused_with_all_that_is_missing(engine):
    alone = refusal(engine, {"repair.bpmn": files()["repair.bpmn"]})
    assert {rule for _, _, rule in alone} >= {"unknown_form", "no_decision", "unknown_topic", "called"}


def test_a_refused_deployment_stores_nothing(each_engine):
    broken = files() | {"visit.bpmn": b"<x/>"}
    assert ("visit.bpmn", "", "not_bpmn") in refusal(each_engine, broken)
    assert [count(each_engine, table) for table in (deployment, resource, definition, bundle)] == [0, 0, 0, 0]


def test_only_those_with_the_permission_deploy(engine):
    with pytest.raises(NotPermitted), engine.work(OWNER) as work:
        definitions.deploy(work, "test", files())
    engine.directory.give(OWNER, Grants((), frozenset({("process.deploy", None)})))
    with engine.work(OWNER) as work:
        assert definitions.deploy(work, "test", files()).definitions


def test_checking_tells_the_same_and_stores_nothing(engine):
    broken = {"repair.bpmn": files()["repair.bpmn"]}
    with engine.reading(SYSTEM) as work:
        problems = definitions.check(work, broken)
        assert definitions.check(work, files()) == ()
    assert {found.rule for found in problems} == {rule for _, _, rule in refusal(engine, broken)}
    assert count(engine, deployment) == 0


def test_too_many_files_are_refused(engine):
    with pytest.raises(RuleBroken):
        deploy(engine, {f"f{number}.form": b"{}" for number in range(201)})


def test_a_topic_without_python_is_refused(engine):
    topics = files()["topics.toml"] + b'[handler."repair.unwritten"]\n'
    assert refusal(engine, files() | {"topics.toml": topics}) == [
        ("topics.toml", "repair.unwritten", "no_python")
    ]


def test_versions_and_files_can_be_looked_up(each_engine):
    first = deploy(each_engine)
    second = deploy(each_engine, changed_visit())
    with each_engine.reading(SYSTEM) as work:
        connection = work.connection
        found = definitions.versions(connection, "process", "visit_process")
        assert [(one.version, one.deployment_id) for one in found] == [(2, second.id), (1, first.id)]
        assert definitions.definition_by_id(connection, found[1].id) == found[1]
        assert definitions.file(connection, found[1].resource_id).content == files()["visit.bpmn"]
        latest = definitions.latest_definitions(connection, "process")
        assert [(one.key, one.version, one.resource) for one in latest] == [
            ("repair", 1, "repair.bpmn"),
            ("visit_process", 2, "visit.bpmn"),
        ]
        assert [one.name for one in definitions.files_of_deployment(connection, second.id)] == ["visit.bpmn"]
        assert definitions.decision(each_engine, connection, "urgency_table").id == "urgency_table"
        assert definitions.decision(each_engine, connection, "urgency_table") is definitions.decision(
            each_engine, connection, "urgency_table"
        )


def test_what_was_never_deployed_is_not_found(each_engine):
    deploy(each_engine)
    with each_engine.reading(SYSTEM) as work:
        for look in (
            lambda: definitions.current_bundle(work.connection, "nothing"),
            lambda: definitions.program(each_engine, work.connection, 1),
            lambda: definitions.decision(each_engine, work.connection, "nothing"),
            lambda: definitions.definition_by_id(work.connection, 1),
            lambda: definitions.file(work.connection, 1),
            lambda: definitions.form(
                each_engine, work.connection, bundle_of(each_engine, "repair"), "nothing"
            ),
        ):
            with pytest.raises(DefinitionNotFound):
                look()
        assert definitions.versions(work.connection, "form", "nothing") == []


def test_a_second_deployment_waits_until_the_first_is_committed(
    each_engine: Engine, database: Database, clock: SettableClock
):
    deploy(each_engine)
    one, two = ({"parts.form": form("parts_form", field("textfield", f"which{n}"))} for n in "ab")
    second = engine_on(database, clock)
    looked = threading.Event()
    groups = second.directory.groups()
    second.directory.groups = lambda: (looked.set(), groups)[1]  # asked for when the checks begin
    with ThreadPoolExecutor(1) as pool:
        with each_engine.work(SYSTEM) as work:
            definitions.deploy(work, "first", one)
            waiting = pool.submit(deploy, second, two)
            assert not looked.wait(0.5)
        assert [found.version for found in waiting.result().definitions] == [3]
    assert looked.is_set()


def test_many_deployments_at_once_follow_one_another(each_engine: Engine):
    deploy(each_engine)
    forms = [{"parts.form": form("parts_form", field("textfield", f"which{n}"))} for n in range(4)]
    with ThreadPoolExecutor(len(forms)) as pool:
        list(pool.map(lambda changed: deploy(each_engine, changed), forms))
    with each_engine.reading(SYSTEM) as work:
        found = definitions.versions(work.connection, "form", "parts_form")
    assert [one.version for one in found] == [5, 4, 3, 2, 1]
    assert count(each_engine, bundle) == 2 + 4


def test_many_readers_of_a_new_bundle_compile_it_once(engine):
    deploy(engine)
    bundle_id = bundle_of(engine, "repair")

    def read(_turn: int) -> object:
        with engine.reading(SYSTEM) as work:
            return definitions.program(engine, work.connection, bundle_id)

    with ThreadPoolExecutor(6) as pool:
        programs = list(pool.map(read, range(6)))
    assert len(programs) == 6
    assert len({id(program) for program in programs}) == 1


def test_the_cache_of_programs_is_bounded(engine, monkeypatch):
    monkeypatch.setattr(definitions, "MOST_BUNDLES", 1)
    monkeypatch.setattr(definitions, "compiled_files", definitions.compiled_files.__wrapped__)
    deploy(engine)
    with engine.reading(SYSTEM) as work:
        first = definitions.program(engine, work.connection, bundle_of(engine, "repair"))
        definitions.program(engine, work.connection, bundle_of(engine, "visit_process"))
        again = definitions.program(engine, work.connection, bundle_of(engine, "repair"))
    assert first is not again


def test_ids_of_files_in_a_bundle_are_text(sqlite_database: Database, clock: SettableClock):
    engine = engine_on(sqlite_database, clock)
    deploy(engine)
    with engine.reading(SYSTEM) as work:
        rows = work.connection.execute(select(bundle.c.resources)).scalars().all()
    assert all(isinstance(value, str) for row in rows for value in row.values())


def test_what_came_into_force_after_the_check_is_checked_with_it(each_engine):
    deploy(each_engine)
    with each_engine.reading(SYSTEM) as work:
        checked = definitions.changes(work, changed_visit())
    renamed = {"visit.bpmn": files()["visit.bpmn"].replace(b"visit_process", b"other_visit")}
    called = files()["repair.bpmn"].replace(b'calledElement="visit_process"', b'calledElement="other_visit"')
    deploy(each_engine, renamed | {"repair.bpmn": called})
    with pytest.raises(DeploymentRefused):
        deploy(each_engine, changed_visit(), checked=checked)


def test_a_check_that_still_holds_is_not_made_again(each_engine, monkeypatch):
    deploy(each_engine)
    with each_engine.reading(SYSTEM) as work:
        checked = definitions.changes(work, changed_visit())
    monkeypatch.setattr(deploying, "_checked", lambda *_: pytest.fail("checked while others want to write"))
    assert deploy(each_engine, changed_visit(), checked=checked).bundles
