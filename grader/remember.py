"""What is kept of a grading: an attempt, its report, and the misconceptions that were met. Every front calls this."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from grader import met, progress, workspace
from grader.report import Report


def remember(home: Path | None, file: Path, report: Report, at: datetime, *, whole: bool = True) -> str:
    """Remember a grading if it is one of the workspace's own file; to be called before the verdict is shown.

    Nothing here fails a grading: what cannot be kept becomes a sentence.

    Args:
        home: the workspace, or None where there is none; then nothing is kept.
        file: what was graded. A file elsewhere (``--submission``) is somebody's, but maybe not this learner's.
        report: the verdict.
        at: when.
        whole: whether every check ran. Else (``--check``) it is no attempt, but the misconceptions were met.

    Returns:
        A warning for standard error, or an empty text.
    """
    if home is None or not workspace.owns(home, file):
        return ""
    met.note(report, at)
    if not whole:
        return ""
    try:
        progress.record(home, report, at)
    except progress.ProgressUnavailable as error:
        return f"your progress could not be saved: {error}; the verdict above stands"
    return ""
