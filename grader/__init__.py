"""reparam's grader: `grade exercise3` in a terminal, `check("exercise3")` in a notebook or a script."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grader.kernel.check import check as check

__version__ = "0.1.0"
__all__ = ["__version__", "check"]


def __getattr__(name: str) -> Any:
    # Imported when it is asked for: every process of a grading imports this package, and none of them checks.
    if name == "check":
        from grader.kernel.check import check

        return check
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
