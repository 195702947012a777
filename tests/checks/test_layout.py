"""The rules of the house that a machine can check: sizes, names, places."""

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from ttok_site.places import BASE_DIR

FILE_LINES, FUNCTION_LINES, VIEW_LINES = 400, 40, 20
CODE_FOLDERS = ("ttok_site", "recommender", "merchants", "tests")
BANNED_NAMES = re.compile(r"(^|_)(utils?|helpers?|common|misc)(_|$)|_v\d+$")
#: The layers whose code is arrays in, arrays out.
CORE = """
contracts forecasts params markets build flow features coldstart recall prediction rerank niche search
training simulation
""".split()
ROOT_ENTRIES = set(
    """
README.md Makefile pyproject.toml CHANGELOG.md LICENSE requirements.txt manage.py compose.yaml .ci .gitignore
ttok_site recommender merchants templates tests
""".split()
)
#: A path or host of one machine; written in two parts so that this file does not contain what it looks for.
MACHINE_TRACES = [
    re.compile("/" + trace)
    for trace in (
        r"work/(main|shared)",
        r"opt/(wheels|pypi)",
        r"tmp/(brief|venv)",
        r"home/\w+/",
        r"root/\w+/",
    )
] + [
    re.compile(r"\.\./" + "shared"),
    re.compile("extra-" + "index-url"),
    re.compile("files\\." + "pythonhosted"),
]


def find_tracked_files() -> list[Path]:
    """Every file that is, or is about to be, part of the repository."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=BASE_DIR, capture_output=True)
    if done.returncode:
        pytest.skip("not a git clone: the tracked files are not known")
    paths = (BASE_DIR / name for name in done.stdout.decode().split("\0") if name)
    return sorted(path for path in paths if path.is_file())


def find_python_files() -> list[Path]:
    """Every Python file of the repository."""
    return [path for path in find_tracked_files() if path.suffix == ".py"]


def find_functions(path: Path) -> Iterator[tuple[str, int]]:
    """(name, lines) of each function in a file; its decorators and docstring do not count."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            is_docstring = ast.get_docstring(node) is not None
            docstring_lines = (first.end_lineno or 0) - first.lineno + 1 if is_docstring else 0
            yield node.name, (node.end_lineno or 0) - node.lineno + 1 - docstring_lines


def is_written_by_hand(path: Path) -> bool:
    """False for migrations: Django writes them, and they are a record, not code to read."""
    return "migrations" not in path.parts


def is_view_file(path: Path) -> bool:
    """True for a file that holds views."""
    return (
        path.stem == "views"
        or "views" in path.parent.name
        or (path.parent.name == "api" and "tests" not in path.parts)
    )


def find_recommender_modules() -> set[str]:
    """Dotted names of the modules and packages directly inside the recommender."""
    root = BASE_DIR / "recommender"
    packages = {path.parent.name for path in root.glob("*/__init__.py")}
    return {f"recommender.{name}" for name in packages | {path.stem for path in root.glob("[a-z]*.py")}}


def read_contract(name_start: str, key: str) -> set[str]:
    """The modules under `key` of the import contract whose name starts so."""
    contracts = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    return next(set(entry[key]) for entry in contracts if entry["name"].startswith(name_start))


def list_too_long(paths: list[Path], limit: int) -> list[str]:
    """Sentences about the functions longer than `limit`."""
    return [
        f"{path.relative_to(BASE_DIR)}: {name} has {lines} lines; split it, the limit is {limit}"
        for path in paths
        for name, lines in find_functions(path)
        if lines > limit
    ]


def test_no_python_file_is_longer_than_the_limit() -> None:
    too_long = [
        f"{path.relative_to(BASE_DIR)} has {lines} lines; split it, the limit is {FILE_LINES}"
        for path in find_python_files()
        if (lines := path.read_text(encoding="utf-8").count("\n")) > FILE_LINES and is_written_by_hand(path)
    ]
    assert too_long == []


def test_no_function_is_longer_than_the_limit() -> None:
    assert (
        list_too_long(
            [path for path in find_python_files() if "migrations" not in path.parts], FUNCTION_LINES
        )
        == []
    )


def test_no_view_is_longer_than_the_limit() -> None:
    assert list_too_long([path for path in find_python_files() if is_view_file(path)], VIEW_LINES) == []


def test_the_function_counter_counts_code_and_not_the_docstring(tmp_path: Path) -> None:
    path = tmp_path / "example.py"
    path.write_text('@cache\ndef f():\n    """One.\n\n    Two.\n    """\n    x = 1\n    return x\n')
    assert list(find_functions(path)) == [("f", 3)]


def test_no_file_or_folder_has_a_name_that_says_nothing() -> None:
    assert [
        str(path.relative_to(BASE_DIR))
        for path in find_python_files()
        if any(BANNED_NAMES.search(part) for part in path.relative_to(BASE_DIR).with_suffix("").parts)
    ] == []


def test_every_folder_with_tests_is_a_package() -> None:
    folders = {path.parent for path in find_python_files() if "tests" in path.relative_to(BASE_DIR).parts}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_every_package_of_code_has_an_init() -> None:
    folders = {
        path.parent for path in find_python_files() if path.relative_to(BASE_DIR).parts[0] in CODE_FOLDERS
    }
    assert [str(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_the_root_holds_only_what_belongs_there() -> None:
    found = {path.relative_to(BASE_DIR).parts[0] for path in find_tracked_files()}
    assert found - ROOT_ENTRIES == set()


def test_no_file_speaks_of_one_machine() -> None:
    traces = []
    for path in find_tracked_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        traces += [
            f"{path.relative_to(BASE_DIR)}: {hit.group()}"
            for trace in MACHINE_TRACES
            if (hit := trace.search(text))
        ]
    assert traces == []


def test_every_python_module_says_why_it_exists() -> None:
    silent = [
        str(path.relative_to(BASE_DIR))
        for path in find_python_files()
        if path.name != "__init__.py"
        and is_written_by_hand(path)
        and ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) is None
    ]
    assert silent == []


def test_every_core_package_is_under_the_contract_that_keeps_it_pure() -> None:
    listed = read_contract("The core", "source_modules")
    assert {f"recommender.{name}" for name in CORE} & find_recommender_modules() - listed == set()


def test_merchants_may_not_import_any_inner_part_of_the_recommender() -> None:
    listed = read_contract("Merchants", "forbidden_modules")
    doors = {
        "recommender.engine",
        "recommender.contracts",
        "recommender.forecasts",
        "recommender.markets",
        "recommender.migrations",
    }
    assert find_recommender_modules() - doors - listed == set()


def test_every_requirement_is_pinned_and_says_why_it_is_there() -> None:
    lines = [
        line
        for name in ("requirements.txt", "tests/requirements.txt")
        for line in (BASE_DIR / name).read_text().splitlines()
        if line.strip() and not line.startswith(("#", "-"))
    ]
    assert [line for line in lines if not re.match(r"[\w.\[\],-]+==[\w.]+(;[^#]+)?\s+# \S", line)] == []
