"""Which text of a cell is graded: of its saved one and of those that ran, the newest that is known."""

from __future__ import annotations

from grader.kernel.cells import Run, Saved, Written, as_run, as_saved, only_in_kernel
from grader.notebook import CodeCell

SAVED_AT = 1000.0
BEFORE, AFTER = SAVED_AT - 1, SAVED_AT + 1
Z, F, CHECK = "z = [None, None, None]", "def f(x):\n    raise NotImplementedError", 'check("exercise1")'


def saved(*cells: tuple[str, str, int | None], fresh: bool = False) -> Saved:
    return Saved(tuple(CodeCell(source, name, count) for name, source, count in cells), SAVED_AT, fresh)


def three(*, fresh: bool = False, counts: tuple[int | None, ...] = (None, None, None)) -> Saved:
    rows = zip(("z", "f", "check"), (Z, F, CHECK), counts, strict=True)
    return saved(*rows, fresh=fresh)


def graded(file: Saved, *runs: Run) -> tuple[str, ...]:
    return as_saved(file, runs).sources


def test_nothing_ran() -> None:
    assert as_saved(three(), []) == Written((Z, F, CHECK))


def test_a_run_after_the_save_counts_and_one_before_does_not() -> None:
    assert graded(three(), Run(1, "z = [1]", "z", AFTER)) == ("z = [1]", F, CHECK)
    assert as_saved(three(), [Run(1, "z = [1]", "z", AFTER)]).unsaved
    written = as_saved(three(), [Run(1, "z = [1]", "z", BEFORE)])
    assert written == Written((Z, F, CHECK), edited=("z",))


def test_the_latest_run_counts() -> None:
    runs = [Run(1, "z = [1]", "z", AFTER), Run(2, "z = [2]", "z", AFTER + 1)]
    assert graded(three(), *runs) == ("z = [2]", F, CHECK)
    assert as_saved(three(), [Run(1, "z = [1]", "z", BEFORE), Run(2, Z + "\n", "z", BEFORE)]) == Written((Z, F, CHECK))


def test_a_cell_is_known_by_its_id_whatever_it_defines() -> None:
    assert graded(three(), Run(1, "y = 1", "f", AFTER)) == (Z, "y = 1", CHECK)


def test_what_ran_before_anybody_listened_is_known_by_its_names() -> None:
    # The file is older than the kernel: a count of yesterday that happens to be the same means nothing.
    assert graded(three(counts=(1, None, None)), Run(1, "z = [1]")) == ("z = [1]", F, CHECK)
    assert graded(three(), Run(1, "import math\ndef f(x):\n    return math.exp(x)"))[1].startswith("import math")
    assert graded(three(), Run(1, "a = 1\nz = = 2")) == ("a = 1\nz = = 2", F, CHECK), "no Python yet"
    # Saved with the count of that very run, and another text: it was edited after it ran.
    file = three(fresh=True, counts=(1, None, None))
    assert as_saved(file, [Run(1, "z = [1]")]) == Written((Z, F, CHECK), edited=("z",))
    # Run again since: the file knows nothing of that.
    assert graded(file, Run(1, Z), Run(2, "z = [2]")) == ("z = [2]", F, CHECK)


def test_the_ids_of_vs_code_are_not_those_of_its_file() -> None:
    cell = "vscode-notebook-cell:/home/me/exercise1.ipynb#W1sZmlsZQ%3D%3D"
    assert graded(three(), Run(1, "z = [1]", cell, AFTER)) == ("z = [1]", F, CHECK)


def test_a_new_cell_comes_last_unless_it_was_deleted_again() -> None:
    new = Run(4, "def helper():\n    return 1", "new", AFTER)
    assert graded(three(), new) == (Z, F, CHECK, new.source)
    better = Run(5, "def helper():\n    return 2", "new", AFTER)
    assert graded(three(), new, better) == (Z, F, CHECK, better.source)
    # Saved without it since.
    assert graded(three(), Run(4, new.source, "new", BEFORE)) == (Z, F, CHECK)
    assert graded(three(fresh=True, counts=(5, None, None)), Run(4, new.source)) == (Z, F, CHECK)
    assert graded(three(fresh=True, counts=(3, None, None)), Run(4, new.source)) == (Z, F, CHECK, new.source)
    # What defines nothing is nothing that another cell could need.
    assert graded(three(), Run(4, "print(f(1))", "new", AFTER)) == (Z, F, CHECK)


def test_the_text_of_another_cell_is_not_taken_for_an_older_one_of_it() -> None:
    file = saved(("a", "z = [1]", None), ("b", "z = f(2)", None))
    assert as_saved(file, [Run(1, "z = f(2)"), Run(2, "z = [1]")]) == Written(("z = [1]", "z = f(2)"))


def test_the_id_of_a_cell_that_the_file_lacks_is_not_guessed_at() -> None:
    assert graded(three(), Run(1, "z = [1]", "scratch", AFTER)) == (Z, F, CHECK, "z = [1]")


def test_without_a_file_what_ran_is_graded() -> None:
    runs = [Run(1, "z = = 1"), Run(2, "z = 1", "z"), Run(3, "%time f = 2", "f"), Run(4, "z = 3", "z")]
    assert as_run(runs).sources == ("z = 3", "%time f = 2")


def test_names_that_only_the_kernel_holds() -> None:
    cells = ["import math", "def f(x, y=1):\n    return math.exp(x) + helper(y) + print(y)", "broken = = 1"]
    held = {"math", "f", "helper", "z", "print", "scratch", "x", "y", "In"}
    assert only_in_kernel(cells, ["f", "z", "w"], held) == ("z", "helper")
    assert only_in_kernel([*cells, "def helper(): ...", "z: list = []"], ["f", "z"], held) == ()
    assert only_in_kernel([*cells, "from torch import *"], ["z"], held) == ()
    # Bound anywhere is bound: a name that is only used in a loop or a comprehension is nobody's fault.
    assert only_in_kernel(["for z in w: ...", "[w for w in z]"], [], {"z", "w"}) == ()
