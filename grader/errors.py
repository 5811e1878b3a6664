"""The ways in which `grade` can end without a verdict; both leave with exit code 2 and no traceback."""

from __future__ import annotations


class UnusableInput(Exception):  # noqa: N818  it names the input, not an error of the program
    """Something that we were given cannot be used. The message names the file, the line where known, and the mend."""


class GraderError(Exception):
    """Our own fault, or the machine's. The message says what was lost (nothing) and what to do."""


class CheckFileError(GraderError):
    """A check file that cannot be used, or a check that stumbles over its own reference: its author's to mend."""
