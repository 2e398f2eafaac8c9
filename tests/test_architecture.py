"""The house rules that a machine can hold: who imports whom, what is unique, and how large rooms and modules are.

The layers themselves are import-linter's contract in `pyproject.toml`; `.ci/run` checks it.
"""

import ast
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "bot").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 50
MIN_MODULE_LINES = 50
MIN_IMPORTERS_OF_A_SMALL_MODULE = 3
MAX_LOOSE_MODULES = 8
MAX_PACKAGE_MODULES = 20
WAITING = {"asyncio", "os", "random", "secrets", "socket", "subprocess", "threading", "time"}
"""Standard modules that wait, or ask the world for something."""
CLOCKS = {"now", "today", "utcnow"}
"""What `datetime` asks the clock by; all else of it is arithmetic."""


def names(module: Path) -> set[str]:
    """Return the top-level names of everything a module imports, `bot.x` as `bot.x`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def label(module: Path) -> str:
    return str(module.relative_to(ROOT))


@pytest.mark.parametrize("module", sorted((ROOT / "bot" / "core").rglob("*.py")), ids=label)
def test_the_core_is_pure(module: Path) -> None:
    """It imports itself and the standard library, nothing there that waits, and it asks no clock."""
    for name in names(module):
        top = name.partition(".")[0]
        assert name.startswith("bot.core") or (top in sys.stdlib_module_names and top not in WAITING), name
    tree = ast.walk(ast.parse(module.read_text()))
    assert not CLOCKS & {node.attr for node in tree if isinstance(node, ast.Attribute)}


@pytest.mark.parametrize("module", [*MODULES, *TESTS], ids=label)
def test_modules_and_functions_are_short(module: Path) -> None:
    text = module.read_text()
    assert len(text.splitlines()) <= MAX_MODULE_LINES, "make it two rooms"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= MAX_FUNCTION_LINES, f"{node.name} has {length} lines"


def test_no_package_is_a_crowd() -> None:
    """Few modules lie loose in `bot/`, and each package can be read at a glance."""
    sizes = Counter(module.parent for module in MODULES if module.name != "__init__.py")
    assert sizes[ROOT / "bot"] <= MAX_LOOSE_MODULES
    assert {label(package): size for package, size in sizes.items() if size > MAX_PACKAGE_MODULES} == {}


def test_a_small_module_has_a_reason() -> None:
    """It is a port, or where something begins, or three others share it; any other belongs to a neighbour."""
    importers = Counter(name for module in MODULES for name in imported_modules(module))
    crumbs = {
        label(module)
        for module in MODULES
        if len(module.read_text().splitlines()) < MIN_MODULE_LINES
        and module.name not in {"__init__.py", "__main__.py"}
        and module.parent.name not in {"ports", "commands"}
        and importers[dotted_name(module)] < MIN_IMPORTERS_OF_A_SMALL_MODULE
    }
    assert crumbs == {"bot/testing/fixtures.py"}, "pytest alone imports that one"


def imported_modules(module: Path) -> set[str]:
    """Return everything a module imports, also what may be a module's name in `from package import module`."""
    found = names(module)
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def dotted_name(module: Path) -> str:
    return ".".join(module.relative_to(ROOT).with_suffix("").parts)


def classes(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.ClassDef):
            yield node.name


def test_no_two_classes_share_a_name() -> None:
    """Private ones and the sandbox's included: a name that is found once is understood at once."""
    places = defaultdict(list)
    for module in MODULES:
        for name in classes(module):
            places[name.lstrip("_")].append(label(module))
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_only_settings_reads_the_environment() -> None:
    readers = [
        label(module) for module in MODULES if "os.environ" in module.read_text() or "getenv" in module.read_text()
    ]
    assert readers == ["bot/settings/__init__.py"]


def test_only_the_slack_package_knows_slacks_words() -> None:
    outside = [module for module in MODULES if "slack" not in module.parts and "sandbox" not in module.parts]
    assert [label(module) for module in outside if any(name.startswith("slack_") for name in names(module))] == []
