"""The rules of the house, held by a machine: who imports whom, how large things get, who reads the clock."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MIGRATIONS = ROOT / "engine" / "store" / "migrations" / "versions"  # written by Alembic
PACKAGES = ("engine", "handlers", "web")
FILE_LINES = 400
FUNCTION_LINES = 40
PARAMETERS = 5
VAGUE_NAMES = {"utils", "helpers", "manager", "service", "common", "misc"}
CLOCK_READS = {
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "time.time",
    "time.time_ns",
    "time.monotonic",
    "time.thread_time",
    "time.process_time",
    "time.perf_counter",
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def _python_files(*folders: str) -> list[Path]:
    found = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return [path for path in found if path.parent != MIGRATIONS]


PRODUCT = _python_files(*PACKAGES)
TESTS = _python_files("tests")


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _functions(tree: ast.Module) -> Iterator[Function]:
    for node in ast.walk(tree):
        if isinstance(node, Function):
            yield node


def _length(function: Function) -> int:
    """Count the lines of a function without its docstring."""
    length = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function) is not None:
        docstring = function.body[0]
        length -= (docstring.end_lineno or docstring.lineno) - docstring.lineno + 1
    return length


def _called(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node.lineno


def test_imports_point_one_way() -> None:
    program = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", PRODUCT + TESTS, ids=_name)
def test_a_file_stays_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= FILE_LINES


@pytest.mark.parametrize("path", PRODUCT, ids=_name)
def test_functions_stay_small(path: Path) -> None:
    long = [
        f"{function.name} has {_length(function)} lines"
        for function in _functions(_tree(path))
        if _length(function) > FUNCTION_LINES
    ]

    assert long == []


@pytest.mark.parametrize("path", PRODUCT, ids=_name)
def test_functions_take_few_parameters(path: Path) -> None:
    many = []
    for function in _functions(_tree(path)):
        positional = [*function.args.posonlyargs, *function.args.args]
        if positional and positional[0].arg in {"self", "cls"}:
            positional = positional[1:]
        if len(positional) > PARAMETERS:
            many.append(f"{function.name} takes {len(positional)}")

    assert many == []


@pytest.mark.parametrize("path", PRODUCT, ids=_name)
def test_a_module_says_what_it_is_for(path: Path) -> None:
    source = path.read_text(encoding="utf-8")

    assert source == "" or ast.get_docstring(_tree(path)), "the first line of a module is its docstring"
    assert path.stem not in VAGUE_NAMES


@pytest.mark.parametrize("path", PRODUCT, ids=_name)
def test_only_the_clock_reads_the_clock(path: Path) -> None:
    if path == ROOT / "engine" / "clock.py":
        return
    reads = [f"{name} in line {line}" for name, line in _called(_tree(path)) if name in CLOCK_READS]

    assert reads == []


@pytest.mark.parametrize("path", PRODUCT, ids=_name)
def test_only_a_work_commits(path: Path) -> None:
    if path == ROOT / "engine" / "work.py":
        return
    commits = [f"{name} in line {line}" for name, line in _called(_tree(path)) if name.endswith(".commit")]

    assert commits == []


@pytest.mark.parametrize("path", TESTS, ids=_name)
def test_no_test_sleeps_or_patches(path: Path) -> None:
    if path == Path(__file__):
        return
    source = path.read_text(encoding="utf-8")
    sleeps = [
        line for name, line in _called(_tree(path)) if name.split(".")[-1] in {"sleep", "wait_for_timeout"}
    ]

    assert sleeps == []
    assert "mock.patch" not in source
    assert not re.search(r"pytest\.mark\.(skip|xfail)|pytest\.skip\(", source)


def test_every_declared_topic_has_its_function_and_the_reverse() -> None:
    from handlers import bootstrap

    declared = tomllib.loads((ROOT / "processes" / "topics.toml").read_text(encoding="utf-8"))
    library = bootstrap.library()

    assert set(declared.get("handler", {})) == set(library.handlers)
    assert set(declared.get("completion", {})) == set(library.completions)
    assert set(declared.get("form_data", {})) == set(library.form_data)


def test_every_candidate_group_is_a_post() -> None:
    from handlers.accounts.permissions import POST_NAMES

    groups: set[str] = set()
    for path in (ROOT / "processes").glob("*.bpmn"):
        text = path.read_text(encoding="utf-8")
        for found in re.findall(r'candidate(?:Starter)?Groups="([^"]*)"', text):
            groups |= {group.strip() for group in found.split(",")}
        groups |= set(re.findall(r'<camunda:property name="post" value="([^"]*)"', text))

    assert groups
    assert groups <= set(POST_NAMES)


def test_the_revisions_of_the_schema_are_one_chain_and_named_by_their_number() -> None:
    found = {}
    for path in sorted(MIGRATIONS.glob("*.py")):
        facts = dict(
            re.findall(r'^(revision|down_revision) = "?(\w+)"?$', path.read_text("utf-8"), re.MULTILINE)
        )
        assert path.name.startswith(f"{facts['revision']}_"), path.name
        assert facts["revision"] not in found, f"{path.name} has the number of another revision"
        found[facts["revision"]] = facts["down_revision"]
    numbers = sorted(found)

    assert [found[number] for number in numbers] == ["None", *numbers[:-1]]


def test_no_file_names_a_registry_host() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    hosts = re.compile(r"registry\.npm[j]s\.|files\.python[h]osted\.|py[p]i\.org|deb\.debia[n]\.")
    named = [
        name
        for name in tracked
        if name
        and (ROOT / name).is_file()
        and hosts.search((ROOT / name).read_text(encoding="utf-8", errors="ignore"))
    ]

    assert named == []
