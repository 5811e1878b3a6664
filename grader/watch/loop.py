"""One session: events from the file, the grading and the keys go in; the screen, gradings and hints come out."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from grader import hints, jobs, own_numbers, student, workspace
from grader.course import Course
from grader.errors import UnusableInput
from grader.jobs import Files, Place
from grader.remember import remember
from grader.render.page import NARROWEST, WIDEST, Look
from grader.watch import events
from grader.watch.choice import Request, following
from grader.watch.editor import Call, editor_call, open_window, start_in_terminal
from grader.watch.files import Watch
from grader.watch.place import line_of
from grader.watch.runner import Runner, Task
from grader.watch.screen import compose, last_words
from grader.watch.session import State, step
from grader.watch.terminal import Bell, Terminal, wait

_FRAME_SECONDS = 0.1
_ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


class Loop:
    """The session's only thread that knows the state and writes to the terminal.

    Args:
        course: the exercises.
        home: the workspace, or None.
        files: where the learner's files are.
        request: the options of the command line.
        bell: what rings for events and signals.
        runner: what grades.
    """

    def __init__(
        self,
        course: Course,
        home: Path | None,
        files: Files,
        request: Request,
        bell: Bell[events.Event],
        runner: Runner,
    ) -> None:
        self._course, self._home, self._files, self._request = course, home, files, request
        self._bell, self._runner = bell, runner
        self._own = own_numbers.of(home)
        self._look = Look.of(sys.stdout, os.environ)
        self._code: int | None = None

    def run(self, place: Place, terminal: Terminal) -> int:
        """Watch a file until the learner leaves; the exit code."""
        self._terminal = terminal
        self._begin(place, State(place.exercise, whole=not self._request.checks))
        terminal.enter()
        try:
            while self._code is None:
                self._draw()
                self._turn()
        finally:
            terminal.leave()
            self._watch.close()
        return self._code

    def last_words(self) -> str:
        """What stays on the terminal after the session."""
        command = f"{self._place.command} --watch"
        if self._state.passed:
            found = following(self._course, self._home, self._state.exercise)
            command = self._course.command(f"{found.short} --watch" if found is not None else "")
        return last_words(self._state, self._look, command)

    def _begin(self, place: Place, state: State) -> None:
        """Turn to an exercise."""
        # Absolute: the folder that we are in may be deleted and made again meanwhile.
        self._place, self._state = replace(place, path=place.path.absolute()), state
        own = self._home is not None and workspace.owns(self._home, self._place.path)
        self._variant = self._own.variant(place.exercise) if own else None
        self._watch = Watch(self._place.path, self._bell.put)

    def _draw(self) -> None:
        width, height = self._terminal.size()
        self._look = replace(self._look, width=min(max(width, NARROWEST), WIDEST))
        shown = compose(self._state, self._look, height, time.monotonic())
        self._state = replace(self._state, scroll=min(self._state.scroll, shown.scroll))
        self._terminal.draw(shown.lines)

    def _turn(self) -> None:
        """Wait until something happens, and do what follows from it."""
        pressed = wait(self._terminal, self._bell, _FRAME_SECONDS if self._state.grading else None)
        for number in self._answer():
            self._signal(number)
        keys = self._terminal.keys() if pressed else self._terminal.flush() if self._terminal.pending else []
        for key in keys:
            self._happen(events.Pressed(key))
        if self._terminal.gone and self._code is None:
            self._code = 128 + signal.SIGHUP

    def _answer(self) -> list[int]:
        """Take in what threads have told; the signals that came."""
        told, signals = self._bell.answer()
        for event in told:
            # The file of the exercise before may still have had something to say.
            if not isinstance(event, events.Saved | events.Unusable) or event.path == self._place.path:
                self._happen(event)
        return signals

    def _signal(self, number: int) -> None:
        if number == signal.SIGINT:
            self._code = 0
        elif number in _ENDING:
            self._code = 128 + number
        elif number == signal.SIGTSTP:
            with self._terminal.lent():
                _stop()
        elif number == signal.SIGCONT:
            self._terminal.enter()
        else:
            self._terminal.redraw()

    def _happen(self, event: events.Event) -> None:
        self._state, effects = step(self._state, event)
        for effect in effects:
            self._do(effect)

    def _do(self, effect: events.Effect) -> None:
        match effect:
            case events.Grade(run, submission):
                numbers = self._request.numbers()
                exercise, checks = self._state.exercise, self._request.checks
                self._runner.grade(Task(run, exercise, submission, numbers, checks, self._variant))
            case events.Stop():
                self._runner.grade(None)
            case events.Remember(report):
                report = student.stamped(self._home, self._place.path, report)
                whole = not self._request.checks
                self._note(remember(self._home, self._place.path, report, datetime.now(UTC), whole=whole))
            case events.TakeHint(check):
                taken, remark = hints.count(self._course, self._state.exercise, check, self._home)
                self._happen(events.Hinted(check, taken, remark))
            case events.Open():
                self._or_note(self._open)
            case events.Next():
                self._or_note(self._next)
            case events.Quit():
                self._code = 0

    def _note(self, text: str) -> None:
        if text:
            self._happen(events.Noted(text))

    def _or_note(self, action: Callable[[], None]) -> None:
        """Do something that a learner's files or settings may not allow; then say why."""
        try:
            action()
        except UnusableInput as error:
            self._note(str(error))

    # --- other exercises and editors ----------------------------------------------------------------------

    def _next(self) -> None:
        if self._request.submission is not None:
            raise UnusableInput("--submission is this exercise's file; for another, leave with q and name it.")
        found = following(self._course, self._home, self._state.exercise)
        if found is None:
            done = "You have passed every exercise!" if self._state.passed else "No other exercise is open."
            raise UnusableInput(done)
        place = jobs.locate(self._course, found.short, self._files)
        self._request = replace(self._request, checks=())
        self._runner.grade(None)
        self._watch.close()
        # Numbers go on, so that nothing of the last exercise is taken for one of this.
        self._begin(place, State(place.exercise, run=self._state.run + 1))

    def _open(self) -> None:
        state = self._state
        result = state.focus.result if state.focus is not None else None
        source = state.submission.source if state.submission is not None else ""
        line = line_of(result, state.exercise.checks, source, state.problem)
        # In a notebook, lines are those of its cells.
        call = editor_call(os.environ, self._place.path, line if self._place.path.suffix == ".py" else None)
        if call.terminal:
            with self._terminal.lent():
                self._wait_for(call)
        else:
            open_window(call)
            self._note(f"opened in {Path(call.words[0]).name}")

    def _wait_for(self, call: Call) -> None:
        """Until an editor that has the terminal ends; gradings go on meanwhile."""
        editor = start_in_terminal(call)
        while editor.poll() is None:
            select.select([self._bell.fileno()], [], [], _FRAME_SECONDS)
            for number in self._answer():
                if number in _ENDING:
                    editor.terminate()
                    self._code = 128 + number
                elif number == signal.SIGTSTP:  # the editor's Ctrl-Z is for both of us
                    _stop()


def _stop() -> None:
    """Stop this process as its shell expects; returns when it is continued."""
    ours = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
    signal.raise_signal(signal.SIGTSTP)
    signal.signal(signal.SIGTSTP, ours)
