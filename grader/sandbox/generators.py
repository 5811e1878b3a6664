"""Random generators that a check hands to the learner's code, on the judge's side."""

from __future__ import annotations

from typing import Any

import torch


def generators_in(message: dict[str, Any]) -> list[torch.Generator]:
    """Those among the arguments of a request."""
    values = [*message.get("args", ()), *message.get("kwargs", {}).values()]
    return [value for value in values if isinstance(value, torch.Generator)]


def advance(generators: list[torch.Generator], after: Any) -> None:
    """Let the judge's generators continue where the learner's code left them, as they would in one process.

    Args:
        generators: those that were sent.
        after: what came back; untrusted.
    """
    if generators and type(after) is list and len(after) == len(generators):
        for generator, advanced in zip(generators, after, strict=True):
            if isinstance(advanced, torch.Generator):
                generator.set_state(advanced.get_state())
