"""`grade batch` from the command line: a class graded, again, elsewhere, with files and checks that change."""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest
from courses import CHECKS, SOLUTION, small_course
from forked_child import linux_only, needs
from graded_classes import ended, record
from older_kernels import LANDLOCK, SECCOMP, kernel_refuses
from read_only import read_only
from small_disks import filled, small_disk
from terminals import terminal

from grader.classroom.batch import command, regrade, settings
from grader.classroom.batch.executors import Workers, open_executor
from grader.classroom.batch.progress import Pace, Progress
from grader.classroom.batch.record import Record
from grader.core import Sandbox, grade
from grader.course import built_in
from grader.errors import UnusableInput
from grader.render.page import Look
from grader.report import Evidence, Status
from grader.submission import read_submission

__all__ = ["small_disk"]

pytestmark = pytest.mark.xdist_group("batch")

SUBMISSIONS = Path(__file__).parent.parent / "submissions"
SUMMARIES = {"results.csv", "results.json", "junit.xml", "canvas.csv", "moodle.csv", "insights.html", "insights.json"}
GRADE = [sys.executable, "-P", "-m", "grader.cli", "batch"]
Run = Callable[..., tuple[int, str, str]]

# A check whose file has a mistake (twice is not three times), one that waits for it, and one that does not.
LATER = '''
@points(4)
@requires("test_values")
def test_zero(learner, rng):
    """Twice nothing is nothing."""
    assert_close(learner.double(torch.zeros(2)), torch.zeros(2))
'''
MENDED = CHECKS.replace("assert_close(learner.double(x), 2 * x)", "assert_close(learner.double(x), double(x))") + LATER
MISTAKEN = MENDED.replace("    return x + x\n", "    return 3 * x\n")
ANSWERS = {
    "right": SOLUTION.replace("### BEGIN SOLUTION", "").replace("### END SOLUTION", ""),
    "thrice": "def double(x):\n    return 3 * x\n",
    "stub": "six = None\n",
    "torn": "def double(x:\n",
}


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    """Two warm sandboxes for all that runs in this process."""
    with open_executor("local", 2) as found:
        yield found


@pytest.fixture
def batch(workers: Workers, grade_command: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`grade batch`, without the seconds that a sandbox takes to get warm."""
    for module in (command, regrade):
        monkeypatch.setattr(module, "open_executor", lambda *_: nullcontext(workers))

    def run(*words: object) -> tuple[int, str, str]:
        return grade_command("batch", *map(str, words))

    return run


def hand_in(folder: Path, student: str, text: str | bytes, exercise: str = "exercise1_double") -> Path:
    """A student's file, where the class's files are."""
    path = folder / student / f"{exercise}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def lines(out: Path) -> dict[tuple[str, str], Record]:
    """What is in `results.jsonl`, each student and exercise once."""
    found = [Record.from_json(json.loads(line)) for line in (out / "results.jsonl").read_bytes().splitlines()]
    assert len({(one.student, one.exercise) for one in found}) == len(found)
    return {(one.student, one.exercise): one for one in found}


def points(out: Path) -> dict[str, int]:
    """Student → points, of a class with one exercise."""
    return {student: one.points for (student, _), one in lines(out).items()}


@dataclass(frozen=True)
class Room:
    """A small course, its class, and where the results go."""

    course: Path
    source: Path
    out: Path

    @property
    def words(self) -> list[str]:
        return [str(self.source), "--out", str(self.out), "--course", str(self.course)]

    def check(self, text: str) -> None:
        small_course(self.course, checks=text)


@pytest.fixture
def room(tmp_path: Path) -> Room:
    found = Room(tmp_path / "course", tmp_path / "class", tmp_path / "out")
    found.check(MENDED)
    for student, text in ANSWERS.items():
        hand_in(found.source, student, text)
    return found


# --- a real class ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Right and wrong submissions of two exercises, a student each."""
    folder = tmp_path_factory.mktemp("real") / "class"
    for exercise in ("exercise1_reparameterization", "exercise6_tool_choice"):
        for path in sorted((SUBMISSIONS / exercise).glob("*/*.py"))[::2]:
            hand_in(folder, f"{path.parent.name} {path.stem} {exercise[8]}", path.read_bytes(), exercise)
    return folder


@pytest.fixture
def again(real: Path, tmp_path: Path) -> Path:
    """The same class under names that sort the other way round."""
    folder = tmp_path / "shuffled"
    for number, path in enumerate(sorted(real.iterdir(), reverse=True)):
        shutil.copytree(path, folder / f"{number:03} {path.name}")
    return folder


def verdict(one: Record) -> list[tuple[str, Status, int, str | None, Evidence]]:
    """What each check gave. (Its words may be fewer on a busy machine: the search for a formula has a time limit.)"""
    assert one.report is not None
    checks = one.report.checks
    return [(check.name, check.status, check.points, check.misconception, check.evidence) for check in checks]


def test_a_class_has_the_same_marks_in_any_order_and_those_of_grade(
    real: Path, again: Path, batch: Run, warm: Sandbox, tmp_path: Path
) -> None:
    code, text, told = batch(real, "--out", tmp_path / "one", "--seed", 7)
    assert code == 0, told
    first = lines(tmp_path / "one")
    assert len(first) == len(list(real.iterdir())) > 20
    assert f"{len(first)} submissions" in text
    words = [*GRADE, str(again), "--out", str(tmp_path / "two"), "--seed", "7", "--jobs", "3"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    second = {(student[4:], exercise): one for (student, exercise), one in lines(tmp_path / "two").items()}
    assert first.keys() == second.keys()
    for key, one in first.items():
        assert verdict(one) == verdict(second[key]), key
        assert (one.digest, one.checks, one.seed) == (second[key].digest, second[key].checks, 7)
    for key in list(first)[::6]:
        exercise = built_in().find(key[1])
        report = grade(exercise, read_submission(real / key[0] / f"{key[1]}.py"), sandbox=warm, seed=7)
        assert [check.points for check in report.checks] == [check[2] for check in verdict(first[key])], key
    right = {one.points for (student, _), one in first.items() if student.startswith("right")}
    assert right == {30}
    assert {path.name for path in (tmp_path / "one").iterdir() if not path.name.startswith(".")} == {
        *SUMMARIES, "results.jsonl", "batch.json",
    }  # fmt: skip


# --- what is graded, and what is not --------------------------------------------------------------------------


def test_only_what_is_new_or_changed_is_graded(room: Room, batch: Run) -> None:
    code, text, told = batch(*room.words, "--seed", 3)
    assert code == 0, told
    assert "to grade: 4 new" in told
    assert "3 graded, 1 unusable" in text
    assert f"open {room.out / 'insights.html'}\n" in text
    before = lines(room.out)
    assert points(room.out) == {"right": 7, "thrice": 0, "stub": 0, "torn": 0}
    assert "line 1" in before["torn", "exercise1_double"].problem

    code, text, told = batch(*room.words)
    assert (code, "nothing to grade; 4 graded before" in told) == (0, True)
    assert lines(room.out) == before

    hand_in(room.source, "late", ANSWERS["right"])
    hand_in(room.source, "thrice", ANSWERS["right"])
    shutil.rmtree(room.source / "stub")
    code, text, told = batch(*room.words)
    assert code == 0
    assert "to grade: 1 new, 1 changed; 2 graded before" in told
    assert "1 that were graded before are not handed in any more (stub)" in told
    assert points(room.out) == {"right": 7, "thrice": 7, "stub": 0, "torn": 0, "late": 7}
    assert lines(room.out)["right", "exercise1_double"] == before["right", "exercise1_double"]
    summed = json.loads((room.out / "results.json").read_text())
    assert summed["students"] == ["late", "right", "thrice", "torn"]
    assert {one["seed"] for one in summed["records"]} == {3}


def test_a_seed_is_drawn_once_and_kept(room: Room, batch: Run) -> None:
    assert batch(*room.words)[0] == 0
    seed = json.loads((room.out / "batch.json").read_text())["seed"]
    before = lines(room.out)
    code, text, told = batch(*room.words, "--seed", seed + 1)
    assert (code, text) == (2, "")
    assert f"--seed {seed}" in told
    assert lines(room.out) == before
    assert batch(*room.words, "--seed", seed)[0] == 0
    assert lines(room.out) == before
    assert batch(*room.words, "--seed", seed + 1, "--again")[0] == 0
    assert {one.seed for one in lines(room.out).values()} == {seed + 1}
    kept = (room.out / settings.BEFORE.format(1)).read_text().splitlines()
    assert {json.loads(line)["seed"] for line in kept} == {seed}
    # Everything anew was meant once; what follows goes on from there.
    code, _, told = batch(*room.words)
    assert "4 graded before" in told


def test_students_with_numbers_of_their_own(room: Room, batch: Run, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("open sesame")
    variants = ("--variants", "--secret", tmp_path / "secret")
    assert batch(*room.words, *variants)[0] == 0
    drawn = {one.variant for one in lines(room.out).values()}
    assert None not in drawn
    assert len(drawn) == len(ANSWERS)
    assert "nothing to grade" in batch(*room.words, *variants)[2]
    code, _, told = batch(*room.words)
    assert (code, "Give --variants" in told) == (2, True)
    (tmp_path / "secret").write_text("another")
    assert "4 changed" in batch(*room.words, *variants)[2]


def test_nobody_keeps_the_others_from_being_graded(room: Room, batch: Run, tmp_path: Path) -> None:
    hostile = {
        "exits": "import os\nos._exit(0)\n", "binary": bytes(range(256)), "empty": b"", "large": b"#" * (9 << 20),
        "raises": "raise BaseException('\\x1b]0;owned\\x07')\n", "\x1b[31mred": ANSWERS["right"],
    }  # fmt: skip
    for student, text in hostile.items():
        hand_in(room.source, student, text)
    os.link(room.source / "right" / "exercise1_double.py", tmp_path / "second name")
    locked = hand_in(room.source, "locked", ANSWERS["right"])
    locked.chmod(0)
    code, text, told = batch(*room.words)
    assert code == 0, told
    assert "\x1b" not in text + told
    found = lines(room.out)
    assert sum(one.points for one in found.values()) == (7 if os.geteuid() == 0 else 0)
    problems = {student: one.problem for (student, _), one in found.items() if one.problem}
    assert problems.keys() >= {"binary", "empty", "large", "right", "torn"}
    assert "right/exercise1_double.py is a hard link" in problems["right"]
    assert str(tmp_path) not in " ".join(problems.values())


def test_a_broken_check_file_is_our_fault_and_graded_next_time(room: Room, batch: Run) -> None:
    room.check(MENDED.replace("import torch", "import torch, nowhere"))
    code, text, _ = batch(*room.words)
    assert code == 1
    assert "No module named 'nowhere'" in " ".join(text.split())
    assert "3 not graded" in text
    room.check(MENDED)
    code, text, told = batch(*room.words)
    assert (code, "to grade: 3 without a verdict so far; 1 graded before" in told) == (0, True)
    assert points(room.out) == {"right": 7, "thrice": 0, "stub": 0, "torn": 0}


def test_an_archive_is_graded_as_its_folder_is(room: Room, batch: Run, tmp_path: Path) -> None:
    batch(*room.words, "--seed", 3)
    shutil.make_archive(str(tmp_path / "class"), "zip", room.source)
    words = [str(tmp_path / "class.zip"), "--out", tmp_path / "two", "--course", room.course, "--seed", 3]
    assert batch(*words)[0] == 0
    assert {key: one.digest for key, one in lines(tmp_path / "two").items()} == {
        key: one.digest for key, one in lines(room.out).items()
    }
    assert points(tmp_path / "two") == points(room.out)
    assert "nothing to grade" in batch(*words)[2]


# --- regrading ------------------------------------------------------------------------------------------------


def test_a_mended_check_is_regraded_and_what_waited_for_it(room: Room, batch: Run) -> None:
    room.check(MISTAKEN)
    assert batch(*room.words, "--seed", 3)[0] == 0
    assert points(room.out) == {"right": 0, "thrice": 6, "stub": 0, "torn": 0}
    mistaken = lines(room.out)
    room.check(MENDED)
    code, _, told = batch(*room.words)
    assert code == 0
    assert "have changed since 3 of its submissions were graded" in told
    assert "--regrade CHECK" in told
    assert lines(room.out) == mistaken, "nothing is regraded in silence"

    code, text, _ = batch(*room.words, "--regrade", "test_values", "--dry-run")
    assert code == 0
    told = " ".join(text.split())
    assert "right exercise1 0 → 6 test_values: failed → passed; test_zero: skipped → passed" in told
    assert "thrice exercise1 6 → 0 test_values: passed → failed" in told
    assert "2 of 3 marks change: 1 up, 1 down." in told
    assert lines(room.out) == mistaken

    code, text, _ = batch(*room.words, "--regrade", "test_values")
    assert (code, "Written." in text) == (0, True)
    # The answer by hand, which the mistake touched too, was not asked for.
    assert points(room.out) == {"right": 6, "thrice": 0, "stub": 0, "torn": 0}
    now = lines(room.out)["right", "exercise1_double"]
    assert now.report is not None
    assert [check.name for check in now.report.checks] == ["test_six", "test_values", "test_zero"]
    assert json.loads((room.out / "results.json").read_text())["records"][0]["report"]["points"] == 6
    assert "have changed" not in batch(*room.words)[2]

    code, text, _ = batch(*room.words, "--regrade", "test_six", "--yes")
    assert points(room.out) == {"right": 7, "thrice": 0, "stub": 0, "torn": 0}
    code, text, _ = batch(*room.words, "--regrade", "test_six")
    assert "0 of 3 marks change." in text


def test_what_cannot_be_regraded_stays(room: Room, batch: Run) -> None:
    code, text, told = batch(*room.words, "--regrade", "test_values")
    assert (code, text) == (2, "")
    assert "Nothing that has test_values is graded yet" in told
    batch(*room.words)
    before = lines(room.out)
    code, text, told = batch(*room.words, "--regrade", "test_valeus")
    assert (code, "Did you mean test_values?" in told) == (2, True)
    hand_in(room.source, "thrice", ANSWERS["right"])
    room.check(MENDED.replace("import torch", "import torch, nowhere"))
    code, text, told = batch(*room.words, "--regrade", "test_values")
    assert "1 new or changed submissions are left as they are" in told
    assert (code, "Kept as they are, not regraded (2)" in text) == (1, True)
    assert lines(room.out) == before


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--yes"], "belong to --regrade"),
        (["--dry-run"], "belong to --regrade"),
        (["--regrade", "test_values", "--again"], "leave one of them out"),
        (["--regrade", "test_values", "--dry-run", "--yes"], "nothing to answer"),
        (["--secret", "file"], "belongs to --variants"),
        (["--exercise", "exercise9"], "There is no exercise"),
        (["--executor", "slurm"], "There is no executor"),
    ],
)
def test_words_that_do_not_go_together(room: Room, grade_command: Run, words: list[str], told: str) -> None:
    code, text, error = grade_command("batch", *room.words, *words)
    assert (code, text) == (2, "")
    assert told in error


# --- the folder, the disk, the machine --------------------------------------------------------------------------


def test_two_runs_into_one_folder(room: Room, batch: Run) -> None:
    with settings.locked(room.out):
        code, text, told = batch(*room.words)
    assert (code, text) == (2, "")
    assert "Another `grade batch` is writing to" in told
    assert batch(*room.words)[0] == 0


def test_a_folder_that_nobody_may_write(batch: Run) -> None:
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        room = Room(home / "course", home / "class", home / "out")
        room.check(MENDED)
        hand_in(room.source, "right", ANSWERS["right"])
        assert batch(*room.words)[0] == 0
        before = lines(room.out)
        with read_only(home):
            for out in (room.out, home / "new"):
                code, text, told = batch(room.source, "--out", out, "--course", room.course)
                assert (code, text) == (2, "")
                assert "cannot be written: Permission denied" in told
        assert lines(room.out) == before


def test_a_class_without_work_leaves_no_folder(room: Room, batch: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for source in (tmp_path / "empty", tmp_path / "nowhere"):
        code, text, told = batch(source, "--out", room.out)
        assert (code, text) == (2, "")
        assert str(source) in told
    assert not room.out.exists()


def test_a_disk_that_fills_up(room: Room, batch: Run, small_disk: Path) -> None:
    out = small_disk / "out"
    for number in range(12):
        hand_in(room.source, f"more {number:02}", ANSWERS["right"])
    words = [str(room.source), "--out", str(out), "--course", str(room.course)]
    out.mkdir()
    with filled(small_disk, leave=6 * 4096):
        code, _, told = batch(*words)
        assert code == 2
        assert os.strerror(errno.ENOSPC) in told
        assert "run the same command again" in told
        kept = lines(out)
        assert 0 < len(kept) < 16
    code, _, told = batch(*words)
    assert code == 0
    assert f"{len(kept)} graded before" in told
    assert {key: lines(out)[key] for key in kept} == kept
    assert len(lines(out)) == 16


@linux_only
@needs("landlock", "seccomp")
@pytest.mark.parametrize(
    ("layer", "call", "code"), [("landlock", LANDLOCK, errno.ENOSYS), ("seccomp", SECCOMP, errno.EPERM)]
)
def test_other_peoples_code_is_refused_without_its_layers(room: Room, layer: str, call: int, code: int) -> None:
    for out, extra in ((room.out, []), (room.out, ["--unsafe"])):
        done = subprocess.run(
            [*GRADE, str(room.source), "--out", str(out), "--course", str(room.course), *extra],
            capture_output=True, text=True, check=False, timeout=300, preexec_fn=kernel_refuses(call, code),
        )  # fmt: skip
        assert "Traceback" not in done.stderr
        assert done.returncode == (0 if extra else 2), done.stderr
        assert (f"({layer}: " in done.stderr) is not bool(extra)
        assert out.exists() is bool(extra)
    assert points(room.out)["right"] == 7


def test_a_report_without_the_layers_stops_a_batch() -> None:
    one = record("ada", "exercise1", ended("test_z"))
    command.require_trust(one)
    assert one.report is not None
    object.__setattr__(one.report, "sandbox", ("process", "seccomp"))
    with pytest.raises(UnusableInput, match="--unsafe"):
        command.require_trust(one)


# --- on a terminal ------------------------------------------------------------------------------------------------


def test_ctrl_c_ends_with_what_is_done(real: Path, tmp_path: Path) -> None:
    with terminal(tmp_path, width=100) as window:
        window.run(f"grade batch '{real}' --out out --seed 7 --jobs 1; echo code $?")
        window.wait(lambda screen: " graded · " in screen)
        window.press("C-c")
        screen = " ".join(window.wait("code 130").split())
        assert "submissions left. To go on: grade batch" in screen
        done = lines(tmp_path / "out")
        assert 0 < len(done) < len(list(real.iterdir()))
        assert {path.name for path in (tmp_path / "out").iterdir()} >= SUMMARIES
        assert len(json.loads((tmp_path / "out" / "results.json").read_text())["records"]) == len(done)
        # Whoever says no changes nothing.
        before = (tmp_path / "out" / "results.jsonl").read_bytes()
        window.run("clear")
        check = "test_values" if any("exercise1" in key[1] for key in done) else "test_one_pass"
        window.run(f"grade batch '{real}' --out out --regrade {check}; echo code $?")
        window.wait(lambda screen: "code 0" in screen and "marks change." in screen)
        assert lines(tmp_path / "out").keys() == done.keys()
        assert len(before) > 0


def test_marks_are_written_after_a_yes(room: Room, batch: Run, tmp_path: Path) -> None:
    room.check(MISTAKEN)
    batch(*room.words)
    room.check(MENDED)
    before = lines(room.out)
    command_line = f"grade batch {' '.join(room.words)} --regrade test_values; echo code $?"
    with terminal(tmp_path, width=100) as window:
        for answer, code in (("n", "Nothing was changed."), ("y", "Written.")):
            window.run(command_line)
            window.wait(lambda screen: screen.rstrip().endswith("[y/N]:"))
            window.run(answer)
            window.wait("code 0")
            assert code in window.screen()
            if answer == "n":
                assert lines(room.out) == before
            window.run("clear")
            window.wait_gone("code 0")
    assert points(room.out)["right"] == 6


# --- how far it is ------------------------------------------------------------------------------------------------


def test_pace_counts_what_was_lately() -> None:
    pace = Pace(1000)
    assert (pace.rate(50.0), pace.left(50.0)) == (0.0, None)
    for number in range(100):
        pace.note(50.0 + number / 10)
    assert pace.rate(59.9) == pytest.approx(10.0)
    assert pace.left(59.9) == pytest.approx(90.0)
    for number in range(300):
        pace.note(60.0 + number)
    assert pace.rate(359.0) == pytest.approx(1.0, rel=0.01)
    assert pace.rate(558.0) == pytest.approx(0.5, rel=0.01)


def test_a_log_gets_few_lines() -> None:
    now, stream = [0.0], io.StringIO()
    with Progress(Look(), stream, 10_000, clock=lambda: now[0]) as progress:
        for number in range(10_000):
            now[0] += 0.1
            progress.note(record("ada", "exercise1", **({"problem": "torn"} if number % 100 == 0 else {"problem": ""})))
    said = stream.getvalue().splitlines()
    assert len(said) < 30
    assert said[0] == "600 of 10,000 graded · 10.0 a second · 15 min left · 6 unusable"


def test_a_stream_that_is_gone_stops_nothing() -> None:
    class Gone(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    now = [0.0]
    with Progress(Look(), Gone(), 2, clock=lambda: now[0]) as progress:
        now[0] = 100.0
        progress.note(record("ada", "exercise1", ended("test_z", Status.PASSED)))


@pytest.mark.parametrize("width", [40, 60, 80, 100])
@pytest.mark.parametrize("unicode", [True, False])
def test_the_line_fits(width: int, unicode: bool) -> None:
    now = [0.0]
    progress = Progress(Look(width, unicode=unicode), io.StringIO(), 100_000, clock=lambda: now[0])
    assert "starting" in progress.__rich__().plain
    for number in range(1234):
        now[0] = number / 7
        progress.note(record("ada", "exercise1", ended("test_z")))
    line = progress.__rich__().plain
    assert "1,234 of 100,000 graded" in line
    assert ("─" in line or "--" in line) is (width >= 80)
    assert ("─" in line) is (unicode and width >= 80)
    assert len(line) <= max(width, 62)
