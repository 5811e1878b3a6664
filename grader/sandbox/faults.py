"""What a learner's code can do to a check, as exceptions: verdicts on the learner, never faults of ours."""

from __future__ import annotations

import builtins
import signal
from typing import Any

from grader.text import clean

TYPE_SHOWN = 80
TEXT_SHOWN = 1500


class LearnerFault(Exception):  # noqa: N818  a verdict, not an error of the program
    """The submission raised, died, hung, or answered with garbage. The text is for the learner."""


class LearnerDied(LearnerFault):
    """The submission's process is gone; the next check gets a new one."""


class LearnerTimedOut(LearnerDied):
    """A call did not come back in time."""


class LearnerKilled(LearnerDied):
    """Somebody else killed the submission's process: the system when memory was short, or a person."""


class GarbageReply(LearnerDied):
    """The submission's process sent bytes that are no reply."""


class LearnerRaised(LearnerFault):
    """The learner's code raised. Subclasses also derive from the nearest builtin, so ``pytest.raises`` works.

    Args:
        kind: the class's name as the learner's process gave it, cleaned.
        text: the exception's text, cleaned and capped.
        frames: (line, function) of the learner's own frames, innermost last.
    """

    kind = ""
    text = ""
    frames: tuple[tuple[int, str], ...] = ()


class WrongSignature(LearnerFault):
    """A call does not fit the learner's function."""


_RAISED: dict[str, type[LearnerRaised]] = {}
_REPORT = {"type": str, "text": str, "builtin": list, "frames": list}


def raised(report: Any) -> LearnerFault:
    """The exception for an error report of the submission's side; the report is untrusted.

    Returns:
        LearnerRaised, WrongSignature, or GarbageReply when the report itself is malformed.
    """
    if not _is_report(report):
        return GarbageReply("your code answered with something that is no answer")
    kind, text = clean(report["type"], TYPE_SHOWN), clean(report["text"], TEXT_SHOWN)
    names = [name for name in report["builtin"] if type(name) is str]
    frames = tuple((line, clean(name, TYPE_SHOWN)) for line, name in report["frames"])
    if kind == "SignatureMismatch":
        return WrongSignature(text)
    fault = _raised_class(names)(f"{kind}: {text}" if text else kind)
    fault.kind, fault.text, fault.frames = kind, text, frames
    return fault


def _is_report(report: Any) -> bool:
    if type(report) is not dict or [type(report.get(name)) for name in _REPORT] != list(_REPORT.values()):
        return False
    return all(type(frame) is list and [type(part) for part in frame] == [int, str] for frame in report["frames"])


def _raised_class(names: list[str]) -> type[LearnerRaised]:
    for name in names:
        base = getattr(builtins, name, None)
        if not (isinstance(base, type) and issubclass(base, Exception)) or base is Exception:
            continue
        if issubclass(base, UnicodeError | BaseExceptionGroup):
            continue  # their constructors want more than a text
        if name not in _RAISED:
            _RAISED[name] = type(f"Learner{name}", (LearnerRaised, base), {})
        return _RAISED[name]
    return LearnerRaised


def died(ending: dict[str, Any]) -> LearnerDied:
    """The exception for a process that ended by itself.

    Args:
        ending: ``{"signal": number or None, "code": number or None}`` from whoever waited for it.
    """
    number = ending.get("signal")
    if number == signal.SIGXCPU:
        return LearnerTimedOut("your code used up its processor time: is there a loop that never ends?")
    if number in (signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT):
        return LearnerDied(f"your code crashed the Python process ({signal.Signals(number).name})")
    if number == signal.SIGSYS:
        return LearnerDied("your code asked the system for something that is not allowed here, and was stopped")
    if number is not None:
        kind = LearnerKilled if number == signal.SIGKILL else LearnerDied
        return kind("your code's process was killed; did it use too much memory?")
    return LearnerDied("your code ended the Python process: take out os._exit(), exit() or quit()")
