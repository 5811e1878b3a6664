"""The trusted side: asks the submission's process, and turns whatever comes back into values or faults."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch

from grader.assertions import CheckFailure
from grader.errors import GraderError
from grader.sandbox.channel import Channel, Closed, TimedOut
from grader.sandbox.deadline import Deadline
from grader.sandbox.faults import GarbageReply, LearnerDied, LearnerFault, LearnerKilled, LearnerTimedOut, died, raised
from grader.sandbox.generators import advance, generators_in
from grader.sandbox.graph import NO_MODULE, RemoteModule, apply_remote, tensors_in
from grader.sandbox.proxy import RemoteObject, defined_in
from grader.sandbox.spawner import Spawner
from grader.sandbox.wire import CallbackHandle, ModuleHandle, ObjectHandle, WireError
from grader.text import clean

CALL_SECONDS = 10.0
LOAD_SECONDS = 30.0
HELLO_SECONDS = 60.0
ALL_CALLS_SECONDS = 300.0
CALLBACKS_PER_CALL = 100_000
OUTPUT_SHOWN = 4000


class Client:
    """One submission, from the judge's side.

    A process that died is replaced when the next request comes, so a crash costs one check.

    Args:
        spawner: where processes come from.
        name: the submission's file name, for its tracebacks.
        source: its text.
        until: the monotonic time from which on nothing is asked any more: many calls, each within its limit, must not
            outlast the front's patience, which would leave no verdict at all.
    """

    def __init__(self, spawner: Spawner, name: str, source: str, until: float = math.inf) -> None:
        self._spawner, self._name, self._source, self._until = spawner, name, source, until
        self._channel: Channel | None = None
        self._load_fault: LearnerFault | None = None
        self._freed: list[int] = []
        self._generation = 0
        self._callbacks: list[Callable[..., Any]] = []
        self._pending: CheckFailure | None = None
        self._printed = ""
        self.layers: tuple[str, ...] = ()
        self.missing: dict[str, str] = {}
        self.names: dict[str, str] = {}

    # --- what checks use ----------------------------------------------------------------------------------

    def call(
        self,
        name: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        target: int | None = None,
        seconds: float = CALL_SECONDS,
    ) -> Any:
        """Call a function or class of the submission, or a method of one of its objects.

        Raises:
            LearnerFault: it raised, died, hung, or answered with garbage.
        """
        message = {"op": "call", "object": target, "name": name, "args": list(args), "kwargs": kwargs}
        return self.invoke(message, seconds)

    def get(self, name: str) -> Any:
        """The value of a module-level variable."""
        return self.invoke({"op": "get", "name": name})

    def trial(self, source: str, name: str, args: tuple[Any, ...], seconds: float) -> Any:
        """Run public source beside the learner's code; what it returns is untrusted."""
        return self.invoke({"op": "trial", "source": source, "name": name, "args": list(args)}, seconds)

    def seed(self, seed: int) -> None:
        """Seed the submission's global random generators."""
        self.request({"op": "seed", "seed": seed})

    def printed(self) -> str:
        """What the learner's code printed since the last call, cleaned and capped."""
        self._keep_output()
        text, self._printed = self._printed, ""
        return clean(text, OUTPUT_SHOWN)

    @contextlib.contextmanager
    def unheard(self) -> Iterator[None]:
        """What the learner's code prints meanwhile is dropped."""
        self._keep_output()
        printed = self._printed
        try:
            yield
        finally:
            self._keep_output()
            self._printed = printed

    def load(self) -> dict[str, str]:
        """Start a process and load the submission, unless that is done; name → kind of what it defines."""
        if time.monotonic() > self._until:
            raise LearnerTimedOut(f"your code took so long that nothing was left of its {ALL_CALLS_SECONDS:.0f} s")
        if self._load_fault is not None:
            raise self._load_fault
        if self._channel is None:
            try:
                self._start()
            except LearnerKilled:  # for whatever reason: once may be chance, twice is not
                self._load_fault = None
                self._start()
        return self.names

    def close(self) -> None:
        """End the submission's process."""
        if self._channel is not None:
            self._bury()

    def hang_up(self) -> None:
        """Tell the supervisor that this judge is done; it ends the submission's process."""
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        self._spawner.hang_up()

    # --- the conversation ---------------------------------------------------------------------------------

    def invoke(self, message: dict[str, Any], seconds: float = CALL_SECONDS) -> Any:
        """A request whose arguments may require gradients: then it becomes a node of the judge's graph."""
        message["grad"] = torch.is_grad_enabled()
        given = [message[part] for part in ("args", "kwargs", "parameters") if part in message]
        inputs = tensors_in(given) if message["op"] in ("call", "module") else []
        if not (message["grad"] and inputs):
            return self.adopt(self.request(message, seconds)["result"])
        return self.adopt(apply_remote(self, message, inputs, seconds))

    def request(
        self,
        message: dict[str, Any],
        seconds: float = CALL_SECONDS,
        on_reply_tensor: Callable[[torch.Tensor, int], Any] | None = None,
        on_tensor: Callable[[torch.Tensor], int | None] | None = None,
    ) -> dict[str, Any]:
        """Send one request and return its reply; the learner's code may call back meanwhile."""
        self.load()
        generators = generators_in(message)
        deadline = self._deadline(seconds)
        if self._freed:
            message["free"], self._freed = self._freed, []
        reply = self._converse(message, deadline, on_reply_tensor, on_tensor)
        advance(generators, reply.get("generators"))
        if "result" not in reply or type(reply.get("operation")) is not int:
            raise self.fail(GarbageReply("your code answered with something that is no answer"))
        return reply

    def _converse(
        self,
        message: dict[str, Any],
        deadline: Deadline,
        on_reply_tensor: Callable[[torch.Tensor, int], Any] | None,
        on_tensor: Callable[[torch.Tensor], int | None] | None,
    ) -> dict[str, Any]:
        channel = self._channel
        assert channel is not None
        try:
            channel.send(message, deadline, self._handle, on_tensor)
            for _ in range(CALLBACKS_PER_CALL):
                reply = channel.receive(deadline, on_reply_tensor)
                if "callback" not in reply:
                    break
                channel.send(self._called_back(reply), deadline, self._handle)
            else:
                raise LearnerTimedOut("your code called the model again and again without end")
        except TimedOut:
            told = "your code did not finish in time: is there a loop that never ends?"
            raise self.fail(LearnerTimedOut(told)) from None
        except Closed:
            raise self.fail(None) from None
        except WireError as error:
            raise self.fail(GarbageReply(f"your code answered with something that is no answer ({error})")) from None
        if self._pending is not None:
            pending, self._pending = self._pending, None
            raise pending
        if "error" in reply:
            fault = raised(reply["error"])
            raise self.fail(fault) if isinstance(fault, LearnerDied) else fault
        return reply

    def _deadline(self, seconds: float) -> Deadline:
        assert self._channel is not None
        return Deadline.of(self._channel.process, seconds, self._until - time.monotonic())

    def _called_back(self, call: dict[str, Any]) -> dict[str, Any]:
        """Run a callback of the check. A failed assertion in it fails the check once the learner's call returns."""
        number = call["callback"]
        if type(number) is not int or not 0 <= number < len(self._callbacks):
            raise WireError("a call to something that does not exist")
        try:
            args, kwargs = self.adopt(call.get("args")), self.adopt(call.get("kwargs"))
            with torch.no_grad():
                return {"callback_result": self._callbacks[number](*args, **kwargs)}
        except CheckFailure as failure:
            self._pending = self._pending or failure
            return {"callback_error": failure.message}
        except LearnerDied:
            raise
        except Exception as error:  # noqa: BLE001  the learner handed the model something it cannot take
            return {"callback_error": clean(f"{type(error).__name__}: {error}", 500)}

    def fail(self, fault: LearnerFault | None) -> LearnerFault:
        """Give the process up; returns the fault to raise (how it ended, when ``fault`` is None)."""
        ending = self._bury()
        return fault if fault is not None else died(ending)

    @property
    def generation(self) -> int:
        """How many processes there were before this one: numbers of an earlier one mean nothing now."""
        return self._generation

    def freed(self, operation: int, generation: int) -> None:
        """The submission's side may forget an operation of the graph."""
        if generation == self._generation:
            self._freed.append(operation)

    # --- processes ----------------------------------------------------------------------------------------

    def _start(self) -> None:
        hello = self._greeted()
        self._callbacks = []
        self._freed = []
        self._generation += 1
        self.layers, self.missing = tuple(hello["layers"]), dict(hello["missing"])
        message = {"op": "load", "name": self._name, "source": self._source}
        try:
            reply = self._converse(message, self._deadline(LOAD_SECONDS), None, None)
            self.names = defined_in(reply)
        except LearnerFault as fault:
            # Loading again would end the same way: remember it for every check.
            self._load_fault = fault
            raise

    def _greeted(self) -> dict[str, Any]:
        """The first words of a new process. Before them it has seen nothing of the learner's: its end is no verdict.

        Raises:
            GraderError: it ended without them, twice.
        """
        for _ in range(2):
            self._channel = self._spawner.spawn()
            try:
                return self._channel.receive(self._deadline(HELLO_SECONDS))
            except (Closed, TimedOut, WireError):
                self._bury()
        raise GraderError("the sandbox could not start a process for the submission")

    def _bury(self) -> dict[str, Any]:
        assert self._channel is not None
        ending = self._spawner.reap()
        self._keep_output()
        self._channel.close()
        self._channel = None
        return ending

    def _keep_output(self) -> None:
        if self._channel is not None:
            self._printed = (self._printed + self._channel.printed().decode("utf-8", "replace"))[: 4 * OUTPUT_SHOWN]

    # --- values -------------------------------------------------------------------------------------------

    def adopt(self, value: Any) -> Any:
        """Handles in a reply become proxies."""
        if isinstance(value, ModuleHandle):
            try:
                return RemoteModule(self, value)
            except NO_MODULE:
                raise self.fail(GarbageReply("your code answered with a module that is none")) from None
        if isinstance(value, ObjectHandle):
            return RemoteObject(self, value)
        if type(value) is list:
            return [self.adopt(part) for part in value]
        if type(value) is tuple:
            return tuple(self.adopt(part) for part in value)
        if type(value) is dict:
            return {key: self.adopt(part) for key, part in value.items()}
        return value

    def _handle(self, value: Any) -> Any:
        """What travels in the place of something of the judge's."""
        if isinstance(value, RemoteObject):
            return value.handle
        if callable(value):
            self._callbacks.append(value)
            return CallbackHandle(len(self._callbacks) - 1)
        raise WireError(f"a {type(value).__name__} cannot travel")
