"""What stands in the judge for something of the learner's that cannot travel."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from grader.sandbox.wire import ObjectHandle
from grader.text import clean

if TYPE_CHECKING:
    from grader.sandbox.judge_side import Client


class RemoteObject:
    """Something of the learner's that cannot travel; its methods can be called."""

    def __init__(self, client: Client, handle: ObjectHandle) -> None:
        self._client = client
        self.handle = handle

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *args, **kwargs: self._client.call(name, args, kwargs, self.handle.number)

    def __repr__(self) -> str:
        return f"a {clean(self.handle.kind, 60)}"
