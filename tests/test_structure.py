"""The shape of the code: imports point one way, and nothing crosses the boundary that must not."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "grader"
MODULES = sorted(PACKAGE.rglob("*.py"))

# A module may import from its own layer and from those further left.
LAYERS = [
    {"text", "errors", "formatting", "drawings", "report", "findings", "health", "marked_yaml"},
    {
        "course",
        "submission",
        "notebook",
        "percent",
        "author",
        "datafiles",
        "difference",
        "assertions",
        "answers",
        "possible",
        "probes",
        "pictures",
        "remarks",
        "formulas",
        "checking",
        "suite",
        "portable",
        "listing",
        "numbers",
        "wording",
        "variants",
        "own_texts",
    },
    {"sandbox"},
    {"learner", "replays", "diagnosis", "inference", "verdict", "separation"},
    {"plugin", "judging", "core", "crew", "examiner", "wordings"},
    {
        "progress_file",
        "progress",
        "practice",
        "past",
        "met",
        "given",
        "merge",
        "starter",
        "workspace",
        "backups",
        "student",
        "own_numbers",
        "remember",
        "render",
        "output",
    },
    {
        "jobs",
        "kernel",
        "grading",
        "history",
        "hints",
        "solution",
        "reset",
        "update",
        "report_page",
        "audit",
        "classroom",
        "doctor",
        "completion",
        "watch",
        "options",
        "batch_verb",
        "release_verb",
        "verbs",
        "cli",
    },
]


def imported(path: Path) -> set[str]:
    """Modules of ours that a file names in its imports, inside functions too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name for name in found if name.split(".")[0] in ("grader", "exercises", "solutions", "flashcards", "tests")}


# Where processes begin: they join the sandbox with the judge that runs in it, so nothing else may import them.
ENTRY_POINTS = {"zygote.py", "oneshot.py", "preload.py"}


def layer_of(name: str) -> int:
    (found,) = [place for place, names in enumerate(LAYERS) if name in names] or [-1]
    return found


def test_imports_point_one_way() -> None:
    for path in MODULES:
        first = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if first in ("__init__", "checks") or path.name in ENTRY_POINTS:
            continue
        assert layer_of(first) >= 0, f"{first} has no layer yet: say where it belongs"
        for name in imported(path):
            other = [*name.split("."), ""][1]
            if other and layer_of(other) >= 0:
                assert layer_of(other) <= layer_of(first), f"{path.name} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nobody_imports_the_course_or_the_flashcards(path: Path) -> None:
    assert {name for name in imported(path) if not name.startswith("grader")} == set()


def test_the_untrusted_side_imports_nothing_but_the_wire() -> None:
    allowed = {
        "grader.sandbox.wire",
        "grader.sandbox.encoder",
        "grader.sandbox.decoder",
        "grader.sandbox.channel",
        "grader.sandbox.deadline",
    }
    for name in ("submission_side", "wire", "encoder", "decoder", "channel", "deadline"):
        modules = {
            part
            for part in imported(PACKAGE / "sandbox" / f"{name}.py")
            if (ROOT / part.replace(".", "/")).with_suffix(".py").exists()
        }
        assert modules <= allowed


def test_check_files_import_only_what_authors_are_promised() -> None:
    for path in (PACKAGE / "checks").glob("exercise*.py"):
        ours = {name.rsplit(".", 1)[0] if name.count(".") > 1 else name for name in imported(path)}
        # Beside the check files lie the data sets and nets that they are about.
        ours -= {f"grader.checks.{other.stem}" for other in path.parent.glob("*.py") if "exercise" not in other.stem}
        assert ours <= {"grader.checking", "grader.learner", "grader.checks"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_unpickles_or_evaluates(path: Path) -> None:
    """Only the untrusted side runs text, in a process that is for that."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("eval", "exec", "compile") or path.name == "submission_side.py"
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] + [getattr(node, "module", "") or ""]
            assert not {"pickle", "marshal", "shelve", "dill"} & set(names)


@pytest.mark.parametrize(
    "module",
    [
        "grader.cli",
        "grader.hints",
        "grader.solution",
        "grader.reset",
        "grader.core",
        "grader.kernel.check",
        "grader.course",
        "grader.report",
        "grader.submission",
        "grader.render.terminal",
        "grader.render.html",
        "grader.report_page",
        "grader.classroom.release",
        "grader.classroom.insights_page",
        "grader.classroom.batch.command",
        "grader.classroom.batch.regrade",
    ],
)
def test_the_front_never_imports_torch(module: str) -> None:
    code = f"import sys, {module}; sys.exit(bool({{'torch', 'numpy', 'pytest'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# What nbgrader itself imports, by the names in its configuration; nbgrader takes seconds to import.
FOR_NBGRADER = {"grader.classroom.nbgrader", "grader.classroom.release_stubs"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_nbgrader_pays_for_nbgrader(path: Path) -> None:
    assert not imported(path) & FOR_NBGRADER
    if ".".join(path.relative_to(ROOT).with_suffix("").parts) in FOR_NBGRADER:
        return
    for node in ast.walk(ast.parse(path.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert not {name.partition(".")[0] for name in names} & {"nbgrader", "nbformat", "nbconvert", "traitlets"}


CARDS = ROOT / "flashcards"
CARD_MODULES = sorted(CARDS.rglob("*.py"))

# As LAYERS, of the other package: data; what reads and asks; what is kept; what goes in and out; the drill; commands.
CARD_LAYERS = [
    {"errors", "card", "cloze", "expression", "nodes", "clock", "fuzz", "keys", "page", "carving"},
    {"document", "yaml_nodes", "values", "reading", "shelf", "deck", "schedule", "parameters", "settings", "database"},
    {
        "numbers",
        "likeness",
        "question",
        "tex",
        "pictures",
        "lint",
        "events",
        "fold",
        "tables",
        "store",
        "met",
        "folders",
    },
    {"markup", "writing", "exchange", "anki_history", "anki", "anki_text", "importing", "adding"},
    {"optimize", "sync", "salvage", "session", "stats", "statistics", "editor", "view", "buttons", "screen"},
    {"asking", "piles", "drill", "ending", "sitting"},
    {"tasks", "moving", "commands", "cli"},
]


def card_layer_of(name: str) -> int:
    (found,) = [place for place, names in enumerate(CARD_LAYERS) if name in names] or [-1]
    return found


@pytest.mark.parametrize("path", CARD_MODULES, ids=lambda path: str(path.relative_to(CARDS)))
def test_the_flashcards_import_one_way_and_never_the_grader(path: Path) -> None:
    own = path.relative_to(CARDS).parts[0].removesuffix(".py")
    found = imported(path)
    assert {name for name in found if not name.startswith("flashcards")} == set()
    if own == "__init__":
        return
    assert card_layer_of(own) >= 0, f"{own} has no layer yet: say where it belongs"
    for name in found:
        other = [*name.split("."), ""][1]
        if other:
            assert 0 <= card_layer_of(other) <= card_layer_of(own), f"{path.name} imports {name}"


@pytest.mark.parametrize("path", CARD_MODULES, ids=lambda path: str(path.relative_to(CARDS)))
def test_no_deck_is_unpickled_or_evaluated(path: Path) -> None:
    test_nothing_unpickles_or_evaluates(path)


@pytest.mark.parametrize(
    "module", ["cli", "commands", "sitting", "drill", "tasks", "lint", "importing", "adding", "exchange", "store"]
)
def test_no_drill_waits_for_torch(module: str) -> None:
    heavy = "{'torch', 'numpy', 'pandas', 'pytest', 'genanki', 'texicode', 'fsrs', 'grader'}"
    code = f"import sys, flashcards.{module}; sys.exit(', '.join({heavy} & set(sys.modules)) or 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
