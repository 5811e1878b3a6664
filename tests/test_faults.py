"""Whatever a learner's file holds, the report comes, says what happened in words, and costs only what it must."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from courses import CHECKS, small_course
from forked_child import linux_only
from gradings import Grade

from grader.core import Event, Sandbox, grade
from grader.course import built_in
from grader.errors import GraderError, UnusableInput
from grader.report import CheckResult, Report, Status
from grader.submission import Submission

EXERCISE = built_in().find("exercise1")
SOLUTION = EXERCISE.solution.read_text()


def with_function(body: str) -> str:
    """The solution, with another ``reparameterize``."""
    return f"{SOLUTION}\nimport os, sys, ctypes, time\ndef reparameterize(mu, sigma, epsilon):\n    {body}\n"


def result(report: Report, name: str) -> CheckResult:
    (found,) = [check for check in report.checks if check.name == name]
    return found


FUNCTIONS = {
    "none": ("return None", Status.FAILED, "returned None"),
    "text": ("return 'z'", Status.FAILED, "should be numbers"),
    "nan": ("return (mu + sigma * epsilon) * float('nan')", Status.FAILED, "NaN"),
    "infinite": ("return (mu + sigma * epsilon) / 0", Status.FAILED, "infinite"),
    "wrong shape": ("return (mu + sigma * epsilon).sum()", Status.FAILED, "shape"),
    "ragged": ("return [[1.0], [2.0, 3.0]]", Status.FAILED, "should be numbers"),
    "object": ("return object()", Status.FAILED, "should be numbers"),
    "raises": ("raise ValueError('σ < 0')", Status.ERROR, "σ < 0"),
    "not written": ("raise NotImplementedError", Status.NOT_ATTEMPTED, "still to be written"),
    "exits": ("os._exit(0)", Status.ERROR, "ended the Python process"),
    "leaves": ("sys.exit(0)", Status.ERROR, "SystemExit"),
    "crashes": ("ctypes.string_at(0)", Status.ERROR, "crashed"),
    "asks": ("return input('z? ')", Status.ERROR, "input()"),
    "garbage": ("os.write(3, b'x' * 4096); return mu", Status.ERROR, "no answer"),
    "hostile": (
        r"raise ValueError('\x1b[2J\x1b]0;owned\x07\u202egnihton [red]markup[/red] <script>')",
        Status.ERROR,
        "markup",
    ),
    "unprintable": (
        "raise type('Mute', (Exception,), {'__str__': lambda self: 1 / 0})()",
        Status.ERROR,
        "cannot be shown",
    ),
}


@pytest.mark.parametrize("case", FUNCTIONS)
def test_a_bad_function_is_a_verdict_in_words(case: str, grade_text: Grade) -> None:
    body, status, words = FUNCTIONS[case]
    report = grade_text(EXERCISE, with_function(body), checks=["test_z", "test_values", "test_recover_epsilon"])
    found = result(report, "test_values")
    assert (found.status, found.points) == (status, 0), found.message
    assert words in found.message
    assert "Traceback" not in found.message
    assert not set("\x1b\x07\u202e") & set(found.message + found.output)
    # It costs this check and no other.
    assert result(report, "test_z").status is Status.PASSED
    assert result(report, "test_recover_epsilon").status is Status.PASSED


@pytest.mark.parametrize(
    ("line", "status", "words"),
    [
        ("z = None", Status.NOT_ATTEMPTED, "still None"),
        ("z = [None, None, None]", Status.NOT_ATTEMPTED, "still"),
        ("z = [0.6, None, -0.2]", Status.FAILED, "z[1] is still None"),
        ("z = 'sixty'", Status.FAILED, "numbers"),
        ("z = [0.6, 0.65]", Status.FAILED, "3 numbers"),
        ("z = [0.6, float('nan'), -0.2]", Status.FAILED, "z[1]"),
        ("z = [0.6, float('inf'), -0.2]", Status.FAILED, "z[1]"),
        ("z = [[0.6], [0.65, -0.2]]", Status.FAILED, "numbers"),
        ("z = lambda: 1", Status.FAILED, "should hold your numbers"),
        ("z = 10 ** 400", Status.FAILED, "numbers"),
        ("z = {'a': 1}", Status.FAILED, "numbers"),
        ("del z", Status.NOT_ATTEMPTED, "defines no z"),
        ("z = [0.36, 0.695, -0.25]", Status.FAILED, "σ² was used where σ belongs"),
    ],
)
def test_bad_numbers_are_a_verdict_in_words(line: str, status: Status, words: str, grade_text: Grade) -> None:
    report = grade_text(EXERCISE, f"{SOLUTION}\n{line}\n", checks=["test_z"])
    (found,) = report.checks
    assert (found.status, found.points) == (status, 0), found.message
    assert words in found.message
    assert "0.65" not in found.evidence.expected, "a by-hand answer is never given away"


@pytest.mark.parametrize(
    "line", ["z = (0.6, 0.65, -0.2)", "z = torch.tensor([0.6, 0.65, -0.2])", "z = [0.60004, 0.65, -0.2]"]
)
def test_right_numbers_in_any_form_pass(line: str, grade_text: Grade) -> None:
    assert grade_text(EXERCISE, f"{SOLUTION}\n{line}\n", checks=["test_z"]).passed


def test_numpy_numbers_pass(grade_text: Grade) -> None:
    text = f"{SOLUTION}\nimport numpy as np\nz = np.array([0.6, 0.65, -0.2], dtype=np.float32)\n"
    assert grade_text(EXERCISE, text, checks=["test_z"]).passed


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("del reparameterize", "defines no reparameterize"),
        ("reparameterize = 3", "should be a function"),
        ("def reparameterize(mu, sigma): return mu", "reparameterize(mu, sigma)"),
    ],
)
def test_a_function_that_is_missing_or_none(change: str, words: str, grade_text: Grade) -> None:
    found = result(grade_text(EXERCISE, f"{SOLUTION}\n{change}\n", checks=["test_values"]), "test_values")
    assert found.status in (Status.FAILED, Status.ERROR, Status.NOT_ATTEMPTED)
    assert words in found.message
    assert "epsilon" in found.message or "function" in found.message or "defines no" in found.message


@pytest.mark.parametrize(
    ("top", "words"),
    [
        ("import no_such_package", "no_such_package"),
        ("1 / 0", "ZeroDivisionError"),
        ("import os; os._exit(3)", "ended the Python process"),
        ("raise SystemExit", "SystemExit"),
        ("name = input()", "input()"),
        ("import nowhere.else_", "line"),
    ],
)
def test_a_file_that_does_not_load_says_so_in_every_check(top: str, words: str, grade_text: Grade) -> None:
    report = grade_text(EXERCISE, f"{top}\n{SOLUTION}")
    assert {check.status for check in report.checks} <= {Status.ERROR, Status.SKIPPED}
    assert report.points == 0
    assert words in report.checks[0].message


def test_printing_megabytes_is_capped_and_shown(grade_text: Grade) -> None:
    text = with_function("print('here', 'x' * 5_000_000); return mu + sigma * epsilon")
    found = result(grade_text(EXERCISE, text, checks=["test_values"]), "test_values")
    assert found.status is Status.PASSED
    assert found.output.startswith("here")
    assert len(found.output) <= 4000


def test_an_endless_loop_costs_its_check(grade_text: Grade) -> None:
    text = with_function("while True: pass")
    report = grade_text(EXERCISE, text, checks=["test_values", "test_recover_epsilon"])
    assert "never ends" in result(report, "test_values").message
    assert result(report, "test_recover_epsilon").status is Status.PASSED


def test_a_memory_bomb_costs_its_check(grade_text: Grade) -> None:
    text = with_function("kept = [bytearray(1 << 28) for _ in range(10_000)]")
    report = grade_text(EXERCISE, text, checks=["test_values", "test_recover_epsilon"])
    assert "memory" in result(report, "test_values").message
    assert result(report, "test_recover_epsilon").status is Status.PASSED


def test_an_unknown_check_suggests_the_nearest(grade_text: Grade) -> None:
    with pytest.raises(UnusableInput, match="test_values"):
        grade_text(EXERCISE, SOLUTION, checks=["test_value"])


# --- our own processes --------------------------------------------------------------------------------------


def while_grading(sandbox: Sandbox, act: Callable[[], None]) -> None:
    """Grade a submission that waits, and do something meanwhile."""

    def started(event: Event) -> None:
        if event.kind == "start" and event.name == "test_values":
            threading.Timer(0.3, act).start()

    source = with_function("time.sleep(5); return mu")
    grade(EXERCISE, Submission(Path("x.py"), "x.py", source), sandbox=sandbox, seed=0, on_event=started)


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


@linux_only
@pytest.mark.parametrize("copy", [False, True])
def test_a_killed_judge_is_our_fault_in_words_and_the_next_grading_works(copy: bool) -> None:
    with Sandbox() as sandbox:

        def kill_judge() -> None:
            judge = children(sandbox.pid)[-1]
            os.kill(children(judge)[0] if copy else judge, signal.SIGKILL)

        with pytest.raises(GraderError, match="killed"):
            while_grading(sandbox, kill_judge)
        assert grade(
            EXERCISE, Submission(Path("x.py"), "x.py", SOLUTION), sandbox=sandbox, seed=0, checks=["test_values"]
        ).passed


def test_a_killed_zygote_is_our_fault_in_words_and_leaves_nothing() -> None:
    with Sandbox() as sandbox:
        left: list[int] = []

        def kill_zygote() -> None:
            left.extend(children(sandbox.pid))
            os.kill(sandbox.pid, signal.SIGKILL)

        with pytest.raises(GraderError):
            while_grading(sandbox, kill_zygote)
        assert left
        assert all(gone(pid) for pid in left)


@pytest.mark.parametrize("kills", [1, 2])
def test_a_killed_submission_costs_nothing_and_twice_one_check(kills: int) -> None:
    """Once may have been the system's choice when memory was short; twice is the learner's own doing."""
    left = kills
    with Sandbox() as sandbox:

        def kill_the_submission() -> None:
            nonlocal left
            pid = children(sandbox.pid)[-1 if left < kills else 0]
            left -= 1
            os.kill(pid, signal.SIGKILL)
            if left:
                assert gone(pid)
                threading.Timer(0.8, kill_the_submission).start()

        def started(event: Event) -> None:
            if event.kind == "start" and event.name == "test_values":
                threading.Timer(0.8, kill_the_submission).start()

        source = with_function("time.sleep(2.5); return mu + sigma * epsilon")
        submission = Submission(Path("x.py"), "x.py", source)
        names = ["test_values", "test_recover_epsilon"]
        report = grade(EXERCISE, submission, sandbox=sandbox, seed=0, checks=names, on_event=started)
    assert left == 0
    assert result(report, "test_values").status is (Status.PASSED if kills == 1 else Status.ERROR)
    assert ("was killed" in result(report, "test_values").message) == (kills == 2)
    assert result(report, "test_recover_epsilon").status is Status.PASSED


# A judge whose checks kill the submission's process when none of them waits for it, or before it has said a word.
KILLING = CHECKS.replace(
    "import torch\n",
    """import os
import signal
import threading
from pathlib import Path

import torch

CHILDREN = Path(f"/proc/{os.getppid()}/task/{os.getppid()}/children")
JUDGE = os.getpid()


def others():
    return {int(pid) for pid in CHILDREN.read_text().split()} - {JUDGE}


def kill_those_to_come(number, old):
    while number:
        for pid in others() - old:
            os.kill(pid, signal.SIGKILL)
            old.add(pid)
            number -= 1
""",
).replace(
    "@points(2)\n",
    '''@points(1)
def test_between(learner, rng):
    """The submission's process is killed once nothing is asked of it."""
    assert_close(learner.double(torch.ones(2)), 2 * torch.ones(2))
    found = others()
    for pid in found:
        os.kill(pid, signal.SIGKILL)
    if BORN:
        threading.Thread(target=kill_those_to_come, args=(BORN, found)).start()

@points(2)
''',
)


@linux_only
@pytest.mark.parametrize("born", [0, 1])
def test_a_submission_killed_between_checks_or_at_birth_costs_nothing(born: int, tmp_path: Path, warm: Sandbox) -> None:
    course = small_course(tmp_path, checks=KILLING.replace("BORN", str(born)))
    submission = Submission(Path("x.py"), "x.py", "six = 6.0\ndef double(x): return 2 * x\n")
    with warm.another() as sandbox:
        report = grade(course.exercises[0], submission, sandbox=sandbox, seed=0)
    assert [(check.name, check.message) for check in report.checks if check.status is not Status.PASSED] == []
    assert len(report.checks) == 3


@linux_only
def test_submissions_killed_at_birth_again_and_again_are_nobodys_zero(tmp_path: Path, warm: Sandbox) -> None:
    course = small_course(tmp_path, checks=KILLING.replace("BORN", "10"))
    submission = Submission(Path("x.py"), "x.py", "six = 6.0\ndef double(x): return 2 * x\n")
    with warm.another() as sandbox, pytest.raises(GraderError, match="could not start a process"):
        grade(course.exercises[0], submission, sandbox=sandbox, seed=0)


def test_an_abandoned_grading_does_not_disturb_the_next() -> None:
    submission = Submission(Path("x.py"), "x.py", SOLUTION)
    with Sandbox() as sandbox:

        def lose_interest(event: Event) -> None:
            if event.kind == "start" and event.name == "test_fit":
                raise KeyboardInterrupt

        for _ in range(3):
            with pytest.raises(KeyboardInterrupt):
                grade(EXERCISE, submission, sandbox=sandbox, seed=0, on_event=lose_interest)
            with pytest.raises(UnusableInput):
                grade(EXERCISE, submission, sandbox=sandbox, seed=0, checks=["test_nothing"])
            assert grade(EXERCISE, submission, sandbox=sandbox, seed=0, checks=["test_z"]).passed
        # The verdict does not wait for its processes to be gone, but gone they are, all but the judge that stays.
        assert the_one_that_stays(children(sandbox.pid))


def the_one_that_stays(processes: list[int]) -> int:
    """The only one of a grading's processes that is there in the end."""
    deadline = time.monotonic() + 10
    while len(left := [pid for pid in processes if Path(f"/proc/{pid}").exists()]) != 1:
        assert left, "none has stayed"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return left[0]


def waiting_pair(sandbox: Sandbox) -> list[int]:
    """The processes that wait for a grading: a submission's and a judge's."""
    deadline = time.monotonic() + 60
    while len(found := children(sandbox.pid)) != 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


@pytest.mark.parametrize("killed", [(), (0,), (1,), (0, 1)], ids=["nobody", "submission", "judge", "both"])
def test_a_grading_finds_its_processes_waiting_or_starts_new_ones(killed: tuple[int, ...]) -> None:
    submission = Submission(Path("x.py"), "x.py", SOLUTION)
    used: list[int] = []

    def started(event: Event) -> None:
        used.extend(children(sandbox.pid) if event.kind == "begin" else [])

    stayed: set[int] = set()
    with Sandbox() as sandbox:
        for _ in range(2):
            waiting = waiting_pair(sandbox)
            assert stayed <= set(waiting)
            for number in killed:
                os.kill(waiting[number], signal.SIGKILL)
                time.sleep(0.1)
            used.clear()
            assert grade(EXERCISE, submission, sandbox=sandbox, seed=0, checks=["test_values"], on_event=started).passed
            assert (set(used) == set(waiting)) == (not killed)
            stayed = {the_one_that_stays(used)}
        last = waiting_pair(sandbox)
    assert all(gone(pid) for pid in last)


def test_a_closed_sandbox_leaves_no_process() -> None:
    sandbox = Sandbox()
    events: list[int] = []

    def started(event: Event) -> None:
        if event.kind == "start" and event.name == "test_values":
            events.extend([sandbox.pid, *children(sandbox.pid)])
            raise KeyboardInterrupt

    source = with_function("time.sleep(60); return mu")
    with pytest.raises(KeyboardInterrupt):
        grade(EXERCISE, Submission(Path("x.py"), "x.py", source), sandbox=sandbox, seed=0, on_event=started)
    sandbox.close()
    assert len(events) == 3
    assert all(gone(pid) for pid in events)
