"""`grade --watch` in a real terminal: saves, keys, editors, signals, and what is left behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from terminals import PROGRAMS, SECONDS, Terminal, terminal

from grader import progress
from grader.cli import main
from grader.course import built_in

pytestmark = pytest.mark.xdist_group("watch")

FIRST = built_in().find("exercise1")
SOLUTION = FIRST.solution.read_text()
STUB = FIRST.stub.read_text()
PLACE = "z = [None, None, None]"
WRONG = STUB.replace(PLACE, "z = [0.36, 0.695, -0.25]", 1)
RIGHT = STUB.replace(PLACE, "z = [0.6, 0.65, -0.2]", 1)
NAMED = "σ² was used where σ belongs"


EDITOR = """#!/bin/sh
echo "$@" >"$0.log"
echo an editor, with the terminal; read answer
eval file=\\${$#}
sed -i 's/^z = \\[0.36, 0.695, -0.25\\]/z = [0.6, 0.65, -0.2]/' "$file"
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "Übung 1"
    assert main(["init", str(folder)]) == 0
    return folder


@pytest.fixture
def window(home: Path) -> Iterator[Terminal]:
    with terminal(home) as window:
        yield window


@dataclass
class Session:
    """`grade 1 --watch` at work: most tests share one, for each start takes a while."""

    home: Path
    file: Path
    window: Terminal
    editor: Path


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    home = tmp_path_factory.mktemp("watch") / "Übung 1"
    assert main(["init", str(home)]) == 0
    editor = home / "nano"
    editor.write_text(EDITOR)
    editor.chmod(0o755)
    with terminal(home, env={"EDITOR": f"'{editor}' -w"}) as window:
        window.run("grade 1 --watch")
        graded(window)
        yield Session(home, home / "exercises" / FIRST.stub.name, window, editor)


@pytest.fixture
def session(running: Session) -> Session:
    """The shared session in its first state: an empty stub, nothing asked."""
    running.window.resize(80, 24)
    running.window.press("Escape")
    save(running.file, STUB)
    graded(running.window, "z still holds None")
    return running


def save(file: Path, text: str) -> None:
    """As VS Code and others do: a new file takes the old one's place."""
    other = file.with_name(f".{file.name}.tmp")
    other.write_text(text)
    other.replace(file)


def processes() -> dict[int, tuple[int, str, bool]]:
    """Process id → parent, command line, whether it has ended and only waits to be noticed."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "stat").read_text().rpartition(")")[2].split()
            found[int(folder.name)] = (int(words[1]), (folder / "cmdline").read_text(), words[0] == "Z")
        except OSError:
            continue
    return found


def below(pid: int) -> set[int]:
    """All processes that a process has started, and those that these have."""
    found, every = {pid}, processes()
    while more := {child for child, (parent, _, _) in every.items() if parent in found} - found:
        found |= more
    return found - {pid}


def front(window: Terminal) -> int:
    """The process of `grade` itself."""
    shell = window.shell()
    (pid,) = [pid for pid, (parent, _, _) in processes().items() if parent == shell]
    return pid


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.03)


def gone(pids: set[int]) -> bool:
    every = processes()
    return all(pid not in every or every[pid][2] for pid in pids)


def graded(window: Terminal, says: str = "") -> str:
    """The screen once a grading is complete and its verdict says something."""
    return window.wait(lambda screen: "save to grade again" in screen and says in screen)


def test_a_save_is_graded_and_what_it_changed_is_said(session: Session) -> None:
    window, file = session.window, session.file
    before = len(progress.attempts(session.home))
    save(file, WRONG)
    assert "✗ By hand: the three numbers of z are right" in graded(window, NAMED)
    save(file, RIGHT)
    screen = window.wait("+2 points")
    assert "now passes: By hand: the three numbers of z are right" in screen
    assert NAMED not in screen
    assert re.search("✓ .*2/2", screen)
    file.write_text(WRONG)  # in place, as nano does
    assert "−2 points" in window.wait("no longer passes: By hand: the three numbers of z")
    assert [attempt.points for attempt in progress.attempts(session.home)[before:]] == [0, 2, 0]


def test_a_text_that_cannot_be_graded_says_why_and_keeps_what_passed_in_view(session: Session) -> None:
    window, file = session.window, session.file
    save(file, RIGHT)
    window.wait("+2 points")
    save(file, RIGHT.replace("z = [0.6,", "z = [0.6))", 1))
    screen = window.wait("not graded")
    assert re.search(r"line \d+: ", screen)
    assert re.search(r"z = \[0.6\)\).*\n *\^", screen)
    assert "✓" in screen
    save(file, WRONG)
    assert "not graded" not in graded(window, NAMED)
    file.unlink()
    assert f"{file.name} is gone" in window.wait("not graded")
    file.write_text(RIGHT)
    window.wait("+2 points")
    elsewhere = file.parent.rename(file.parent.with_name("elsewhere"))
    window.wait("is gone, with its folder")
    elsewhere.rename(file.parent)
    graded(window)
    save(file, WRONG)  # the folder that came back is watched again
    graded(window, NAMED)
    file.write_bytes(b"x = '\xff'\n")
    window.wait("not UTF-8")


def test_keys(session: Session) -> None:
    window, home = session.window, session.home
    save(session.file, WRONG)
    graded(window, NAMED)
    window.press("h")
    window.wait("hint 1 of 3: a question")
    window.press("h")
    assert "hint 1 of 3" in window.wait("hint 2 of 3: a pointer")
    assert progress.hints_taken(home) == {(FIRST.name, "test_z"): 2}
    window.press("Escape")
    window.wait_gone("hint 2 of 3")
    window.press("?")
    window.wait("grade again, with new numbers")
    window.press("?")
    window.wait(NAMED)
    window.paste("qqq\nq")  # a paste into the wrong window is no command
    before = progress.attempts(home)
    window.press("r")
    until(lambda: len(progress.attempts(home)) == len(before) + 1)
    assert progress.attempts(home)[-1].seed != before[-1].seed
    window.press("n")
    window.wait("y goes on")
    window.press("x")
    window.wait_gone("y goes on")


def test_the_editor_opens_where_the_code_is(session: Session) -> None:
    window, file = session.window, session.file
    save(file, WRONG)
    graded(window, NAMED)
    window.press("o")
    window.wait("an editor, with the terminal")
    assert not window.alternate()
    window.press("Enter")
    window.wait("+2 points")
    assert window.alternate()
    line = WRONG.split("\n").index("z = [0.36, 0.695, -0.25]") + 1
    assert session.editor.with_name("nano.log").read_text() == f"-w +{line} {file}\n"


def test_the_window_may_have_any_size(session: Session) -> None:
    window = session.window
    save(session.file, WRONG)
    graded(window, NAMED)
    window.resize(40, 12)
    window.wait("more lines below")
    for _ in range(3):
        window.press("Down")
    screen = window.wait("σ² was used where")  # the text can be moved to
    assert "Exercise 1" in screen.split("\n")[0]
    assert "q quit" in screen.rstrip().split("\n")[-1]
    for width, height in ((20, 5), (200, 60), (80, 24)):
        window.resize(width, height)
        window.wait(lambda screen, height=height: "h hint" in screen and len(screen.split("\n")) == height + 1)  # type: ignore[misc]
    window.wait(NAMED)


def test_ctrl_z_and_fg(session: Session) -> None:
    window = session.window
    window.press("C-z")
    window.wait("Stopped")
    assert not window.alternate()
    save(session.file, WRONG)
    window.run("fg")
    graded(window, NAMED)  # what was saved meanwhile is graded
    assert window.alternate()


def test_a_sandbox_that_died_is_replaced(session: Session) -> None:
    window = session.window
    grade = front(window)
    (zygote,) = [pid for pid, (parent, _, _) in processes().items() if parent == grade]
    os.kill(zygote, signal.SIGKILL)
    save(session.file, WRONG)
    assert "a new one has been started" in graded(window, NAMED)
    save(session.file, RIGHT)
    window.wait("+2 points")


def test_after_a_pass_the_next_exercise_is_one_key_away(home: Path, window: Terminal) -> None:
    file = home / "exercises" / FIRST.stub.name
    editor = home / "code"  # one that has a window of its own
    editor.write_text('#!/bin/sh\necho "$@" >"$0.log"\n')
    editor.chmod(0o755)
    save(file, SOLUTION)
    window.run("NO_COLOR=1 VISUAL='./code' EDITOR=nano grade --watch; echo code=$?")
    assert "30 of 30 points" in window.wait("Well done")
    assert "\x1b[3" not in window.screen(colours=True)
    window.press("n")
    window.wait(lambda screen: "Exercise 2" in screen and "save to grade again" in screen)
    window.press("o")
    window.wait("opened in code")
    log = home / "code.log"
    until(lambda: log.exists() and log.read_text().endswith("\n"))
    assert re.fullmatch(r"-g .*/exercise2_gaussian_kl\.py:\d+\n", log.read_text())
    window.press("n")
    window.wait("y goes on")
    window.press("y")
    window.wait(lambda screen: "Exercise 3" in screen and "save to grade again" in screen)
    window.press("C-d")
    screen = window.wait("code=0")
    assert not window.alternate()
    assert "0 of 30 points" in screen
    assert "again: grade exercise3 --watch" in screen


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 0), (signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGKILL, 137)],
    ids=lambda value: getattr(value, "name", ""),
)
def test_however_it_ends_no_process_stays(home: Path, window: Terminal, number: signal.Signals, code: int) -> None:
    window.run("stty -a >before; grade 1 --watch; echo code=$?; stty -a >after; echo done")
    graded(window)
    started = below(window.shell())
    assert len(started) > 1
    if number == signal.SIGINT:
        window.press("C-c")
    else:
        os.kill(front(window), number)
    until(lambda: gone(started))
    if number != signal.SIGKILL:  # nobody can give the terminal back then
        window.wait(f"code={code}")
        window.wait("done")
        assert not window.alternate()
        assert (home / "after").read_text() == (home / "before").read_text()


def test_where_no_screen_can_be_shown_it_is_refused(window: Terminal) -> None:
    window.run("TERM=dumb grade 1 --watch; echo code=$?")
    assert "move its cursor" in window.wait("code=2")
    window.run("clear; grade 1 --watch --check test_zz; echo code=$?")
    window.wait(lambda screen: "Did you mean test_z?" in screen and "code=2" in screen)
    window.run("clear; grade --watch --submission x.py; echo code=$?")
    window.wait(lambda screen: "Which exercise" in screen and "code=2" in screen)


def test_a_save_during_a_training_gives_the_newer_verdict(home: Path, window: Terminal) -> None:
    exercise = built_in().find("exercise2")
    file = home / "exercises" / exercise.stub.name
    solution = exercise.solution.read_text()
    # A text whose training has no end of its own within the test's time.
    slow = solution.replace("def negative_elbo(", "def negative_elbo(*args, **kwargs):\n    while True: pass\n\ndef _(")
    assert slow != solution
    save(file, slow)
    window.run("grade 2 --watch")
    window.wait("negative_elbo adds")
    window.wait(lambda screen: re.search(r"> .*negative_elbo adds", screen))
    save(file, exercise.stub.read_text())
    graded(window, "kl_per_dimension still holds None")
    assert [attempt.points for attempt in progress.attempts(home)] == [0]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("1 --watch", "needs a terminal"),
        ("all --watch", "follows one exercise"),
        ("1 --watch --format json", "leave out --out and --format"),
        ("1 --watch --out x.txt", "leave out --out and --format"),
        ("9 --watch", 'no exercise "9"'),
    ],
)
def test_what_cannot_be_watched_is_refused(words: str, says: str, home: Path) -> None:
    command = ["grade", *words.split()]
    result = subprocess.run(
        command,
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": f"{PROGRAMS}:{os.environ['PATH']}"},
        timeout=60,
    )
    assert (result.returncode, result.stdout) == (2, "")
    assert says in result.stderr
