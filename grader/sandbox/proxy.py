"""What stands in the judge for something of the learner's that cannot travel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from grader.sandbox.faults import GarbageReply
from grader.sandbox.wire import ObjectHandle
from grader.text import clean

if TYPE_CHECKING:
    from grader.sandbox.judge_side import Client


def defined_in(reply: Mapping[str, Any]) -> dict[str, str]:
    """Name → kind of what a submission defines, as its process says.

    Raises:
        GarbageReply: its answer is something else.
    """
    found = reply.get("result")
    if type(found) is not dict or any(type(text) is not str for entry in found.items() for text in entry):
        raise GarbageReply("your code answered with something that is no answer")
    return found


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
