"""The command `flashcards`. A drill without options starts at once; what else there is waits in `commands`."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

PASSED, UNUSABLE, INTERRUPTED = 0, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    _open_streams()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        code = _run(words)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _stop("Stopped. Every answer was saved.", INTERRUPTED)
    except BrokenPipeError:
        _silence()
        return PASSED
    except Exception as error:  # noqa: BLE001  the last resort: words instead of a traceback
        return _unusable(error)
    return code


def _open_streams() -> None:
    """Give nothing to read from, or nowhere to write to, to who was started with a closed stream (``<&-``)."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115  open until the end


def _run(words: list[str]) -> int:
    if words:
        from flashcards.commands import dispatch

        return dispatch(words)
    # Who only wants to drill does not wait for the parser of a command line.
    from flashcards.folders import data_folder
    from flashcards.sitting import Wish, sit

    return sit(data_folder(), Wish())


def _unusable(error: Exception) -> int:
    from flashcards.document import DeckError
    from flashcards.errors import Unusable

    if isinstance(error, DeckError | Unusable):
        return _stop(str(error), UNUSABLE)
    if os.environ.get("REPARAM_TRACEBACK"):
        import traceback

        traceback.print_exception(error)
    if isinstance(error, OSError):
        _silence()
        return _stop(f"{error.filename or 'The output'}: {error.strerror}. Every answer was saved.", UNUSABLE)
    reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    return _stop(
        f"flashcards itself failed: {reason}\nEvery answer was saved. Please report this; REPARAM_TRACEBACK=1 shows "
        "where it happened.",
        UNUSABLE,
    )


def _stop(message: str, code: int) -> int:
    with contextlib.suppress(OSError):
        sys.stderr.write(f"{message}\n")
    return code


def _silence() -> None:
    """Let standard output lead nowhere, so that Python's own flush at exit cannot complain."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


if __name__ == "__main__":
    sys.exit(main())
