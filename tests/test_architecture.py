"""The rules of the house, held by a machine: who imports whom, how large things get, who reads the clock."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

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


@cache
def _source(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(_source(path))


def _offenders(paths: list[Path], look: Callable[[Path], list[str]]) -> dict[str, list[str]]:
    """Map each file in which something was found to what was found."""
    found = {str(path.relative_to(ROOT)): look(path) for path in paths}
    return {name: lines for name, lines in found.items() if lines}


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


def _parameters(function: Function) -> int:
    """Count the positional parameters of a function without `self` or `cls`."""
    positional = [*function.args.posonlyargs, *function.args.args]
    return len(positional) - bool(positional and positional[0].arg in {"self", "cls"})


@cache
def _called(path: Path) -> list[tuple[str, int]]:
    calls = [node for node in ast.walk(_tree(path)) if isinstance(node, ast.Call)]
    return [(ast.unparse(node.func), node.lineno) for node in calls]


def _calls(path: Path, is_meant: Callable[[str], bool]) -> list[str]:
    """List the calls in a file whose name is meant."""
    return [f"{name} in line {line}" for name, line in _called(path) if is_meant(name)]


def _sleeps(name: str) -> bool:
    return name.rpartition(".")[2] in {"sleep", "wait_for_timeout"}


def test_imports_point_one_way() -> None:
    program = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def test_files_stay_small() -> None:
    lengths = {path: len(_source(path).splitlines()) for path in PRODUCT + TESTS}

    assert {path: lines for path, lines in lengths.items() if lines > FILE_LINES} == {}


def test_functions_stay_small() -> None:
    def large(path: Path) -> list[str]:
        lengths = [(function.name, _length(function)) for function in _functions(_tree(path))]
        return [f"{name} has {lines} lines" for name, lines in lengths if lines > FUNCTION_LINES]

    assert _offenders(PRODUCT, large) == {}


def test_functions_take_few_parameters() -> None:
    def greedy(path: Path) -> list[str]:
        counts = [(function.name, _parameters(function)) for function in _functions(_tree(path))]
        return [f"{name} takes {count}" for name, count in counts if count > PARAMETERS]

    assert _offenders(PRODUCT, greedy) == {}


def test_modules_say_what_they_are_for() -> None:
    def unsaid(path: Path) -> list[str]:
        says = _source(path) == "" or ast.get_docstring(_tree(path))
        return [] if says else ["the first line of a module is its docstring"]

    assert _offenders(PRODUCT, unsaid) == {}
    assert [path for path in PRODUCT if path.stem in VAGUE_NAMES] == []


def test_only_the_clock_reads_the_clock() -> None:
    others = [path for path in PRODUCT if path != ROOT / "engine" / "clock.py"]

    assert _offenders(others, lambda path: _calls(path, CLOCK_READS.__contains__)) == {}


def test_only_a_work_commits() -> None:
    others = [path for path in PRODUCT if path != ROOT / "engine" / "work.py"]

    assert _offenders(others, lambda path: _calls(path, lambda name: name.endswith(".commit"))) == {}


def test_no_test_sleeps_or_patches() -> None:
    others = [path for path in TESTS if path != Path(__file__)]

    assert _offenders(others, lambda path: _calls(path, _sleeps)) == {}
    assert [path for path in others if "mock.patch" in _source(path)] == []
    skipping = re.compile(r"pytest\.mark\.(skip|xfail)|pytest\.skip\(")
    assert [path for path in others if skipping.search(_source(path))] == []


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
