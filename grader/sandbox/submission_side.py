"""The untrusted side: runs a learner's code and answers the judge's requests.

Once the learner's text has run, everything in this process may be subverted, so the judge relies on none of it.
"""

from __future__ import annotations

import inspect
import os
import random
import sys
import types
from typing import Any

import numpy as np
import torch
from torch import nn

from grader.sandbox.channel import Channel, Closed
from grader.sandbox.wire import CallbackHandle, ModuleHandle, ObjectHandle, WireError

MODULE_NAME = "submission"
FRAMES_REPORTED = 6
TEXT_REPORTED = 4000


class SignatureMismatch(TypeError):  # noqa: N818  its name is what the judge is told
    """A call does not fit the learner's signature."""


class JudgeModule(nn.Module):
    """A model that lives in the judge: calling it asks the judge. Its one parameter answers "which device, dtype?"."""

    def __init__(self, server: Server, number: int) -> None:
        super().__init__()
        self._server = server
        self._number = number
        self.anchor = nn.Parameter(torch.zeros(()))

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Ask the judge."""
        return self._server.call_back(self._number, args, kwargs)


class AsForward(nn.Module):
    """Lets ``functional_call`` run any method of a module, and reads the buffers before it puts the old ones back."""

    def __init__(self, module: nn.Module, method: str) -> None:
        super().__init__()
        self.module = module
        self._method = method
        self.buffers_after: dict[str, torch.Tensor] = {}

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Run the method."""
        result = getattr(self.module, self._method)(*args, **kwargs)
        self.buffers_after = dict(self.module.named_buffers())
        return result


class Server:
    """Answers requests until the judge hangs up."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._module = types.ModuleType(MODULE_NAME)
        self._objects: dict[int, Any] = {}
        self._operations: dict[int, tuple[list[torch.Tensor], list[torch.Tensor]]] = {}
        self._leaves: dict[int, torch.Tensor] = {}
        self._generators: list[torch.Generator] = []
        self._count = 0
        self._handlers = {
            "load": self._load,
            "seed": self._seed,
            "call": self._call,
            "module": self._call_module,
            "get": self._get,
            "vjp": self._vjp,
            "trial": self._trial,
        }

    def serve(self) -> None:
        """Answer until the judge hangs up; then the process ends without running any exit handler."""
        try:
            while True:
                self._answer(self._channel.receive(on_tensor=self._leaf))
        except Closed:
            os._exit(0)

    # --- requests -----------------------------------------------------------------------------------------

    def _answer(self, request: dict[str, Any]) -> None:
        leaves = [self._leaves[number] for number in sorted(self._leaves)]
        self._leaves, self._generators = {}, []
        for number in request.get("free", ()):
            self._operations.pop(number, None)
        try:
            self._reply(*self._handlers[request["op"]](request, leaves))
            return
        except Closed:
            raise
        except BaseException as error:  # noqa: BLE001  SystemExit and the like are the learner's too
            report = self._error(error)
        # Only now is the memory free that the learner's frames held, and after a MemoryError there is no other.
        self._channel.send({"error": report})

    def _load(self, request: dict[str, Any], _: list[torch.Tensor]) -> tuple[Any, list[torch.Tensor]]:
        module = self._module
        module.__file__ = request["name"]
        sys.modules[MODULE_NAME] = module
        exec(compile(request["source"], request["name"], "exec"), vars(module))  # noqa: S102  this process is for that
        return {name: _kind(value) for name, value in vars(module).items() if not name.startswith("__")}, []

    def _seed(self, request: dict[str, Any], _: list[torch.Tensor]) -> tuple[Any, list[torch.Tensor]]:
        torch.default_generator.manual_seed(request["seed"])
        np.random.seed(request["seed"] % 2**32)  # learners draw from the global generators
        random.seed(request["seed"])
        return None, []

    def _call(self, request: dict[str, Any], leaves: list[torch.Tensor]) -> tuple[Any, list[torch.Tensor]]:
        function = self._lookup(request)
        args, kwargs = self._resolve(request["args"]), self._resolve(request["kwargs"])
        _refuse_mismatch(function, request["name"], args, kwargs)
        with torch.set_grad_enabled(request["grad"]):
            return function(*args, **kwargs), leaves

    def _call_module(self, request: dict[str, Any], leaves: list[torch.Tensor]) -> tuple[Any, list[torch.Tensor]]:
        module = self._objects[request["object"]]
        module.train(request["training"])
        wrapped = AsForward(module, request["name"])
        sent = request["buffers"]
        before = {name: buffer.clone() for name, buffer in sent.items()}
        state = {f"module.{name}": value for name, value in (*request["parameters"].items(), *sent.items())}
        args, kwargs = self._resolve(request["args"]), self._resolve(request["kwargs"])
        with torch.set_grad_enabled(request["grad"]):
            result = torch.func.functional_call(wrapped, state, tuple(args), kwargs)
        # Compared by value: batch norm changes its buffers without bumping their version.
        after = wrapped.buffers_after
        changed = {n: t.detach() for n, t in after.items() if n in before and not _same(t, before[n])}
        return [result, changed], leaves

    def _get(self, request: dict[str, Any], _: list[torch.Tensor]) -> tuple[Any, list[torch.Tensor]]:
        return self._lookup(request), []

    def _trial(self, request: dict[str, Any], leaves: list[torch.Tensor]) -> tuple[Any, list[torch.Tensor]]:
        space: dict[str, Any] = {"__name__": "trial"}
        exec(compile(request["source"], "<trial>", "exec"), space)  # noqa: S102  the judge's own public source
        return space[request["name"]](self._module, *self._resolve(request["args"])), leaves

    def _vjp(self, request: dict[str, Any], leaves: list[torch.Tensor]) -> tuple[Any, list[torch.Tensor]]:
        inputs, outputs = self._operations[request["operation"]]
        given = [(out, grad) for out, grad in zip(outputs, request["grads"], strict=True) if grad is not None]
        create = request["create"]
        with torch.enable_grad():
            # Its gradient is the one we want; autograd's own grad_outputs would import sympy on first use.
            product = sum(((out * grad).sum() for out, grad in given), torch.zeros(()))
        found = torch.autograd.grad(product, inputs, retain_graph=True, create_graph=create, allow_unused=True)
        return list(found), inputs + leaves if create else []

    # --- replies ------------------------------------------------------------------------------------------

    def _reply(self, result: Any, inputs: list[torch.Tensor]) -> None:
        """Send a result; tensors that depend on ``inputs`` are numbered and kept for the backward pass."""
        outputs: list[torch.Tensor] = []

        def number(tensor: torch.Tensor) -> int | None:
            if not (inputs and tensor.requires_grad):
                return None
            outputs.append(tensor)
            return len(outputs) - 1

        self._count += 1
        operation = self._count
        generators = list(self._generators)
        message = {"result": result, "operation": operation, "generators": generators}
        self._channel.send(message, None, self._handle, number)
        if outputs:
            self._operations[operation] = (inputs, outputs)

    def _handle(self, value: Any) -> Any:
        """A handle for a value that cannot travel."""
        self._count += 1
        self._objects[self._count] = value
        kind = type(value).__name__
        if isinstance(value, nn.Module):
            parameters = [[name, p.detach(), p.requires_grad] for name, p in value.named_parameters()]
            buffers = [[name, buffer.detach()] for name, buffer in value.named_buffers()]
            return ModuleHandle(self._count, kind, value.training, parameters, buffers)
        return ObjectHandle(self._count, kind, _text(value, 200))

    def call_back(self, number: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call something of the judge's; meanwhile the judge may call the learner's code again."""
        self._channel.send({"callback": number, "args": list(args), "kwargs": kwargs}, None, self._handle)
        while True:
            message = self._channel.receive(on_tensor=self._leaf)
            if "callback_result" in message:
                return self._resolve(message["callback_result"])
            if "callback_error" in message:
                raise RuntimeError(message["callback_error"])
            outer, self._generators = self._generators, []
            self._answer(message)
            self._generators = outer

    def _error(self, error: BaseException) -> dict[str, Any]:
        builtin = [kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins"]
        frames: list[list[Any]] = []
        step = error.__traceback__
        while step is not None:
            code = step.tb_frame.f_code
            if code.co_filename == self._module.__file__:
                frames.append([step.tb_lineno, code.co_name])
            step = step.tb_next
        if isinstance(error, SyntaxError) and error.lineno is not None:
            frames.append([error.lineno, "<module>"])
        return {
            "type": type(error).__name__[:100],
            "text": _text(error, TEXT_REPORTED),
            "builtin": builtin[:10],
            "frames": frames[-FRAMES_REPORTED:],
        }

    # --- arguments ----------------------------------------------------------------------------------------

    def _leaf(self, tensor: torch.Tensor, number: int) -> torch.Tensor:
        """The same tensor of the judge, sent twice in one request, is one leaf here."""
        return self._leaves.setdefault(number, tensor.requires_grad_())

    def _lookup(self, request: dict[str, Any]) -> Any:
        owner = self._module if request.get("object") is None else self._objects[request["object"]]
        return getattr(owner, request["name"])

    def _resolve(self, value: Any) -> Any:
        """Handles in an argument become what they stand for."""
        if isinstance(value, ObjectHandle | ModuleHandle):
            return self._objects[value.number]
        if isinstance(value, CallbackHandle):
            return JudgeModule(self, value.number)
        if isinstance(value, torch.Generator):
            self._generators.append(value)
            return value
        if type(value) is list:
            return [self._resolve(part) for part in value]
        if type(value) is tuple:
            return tuple(self._resolve(part) for part in value)
        if type(value) is dict:
            return {key: self._resolve(part) for key, part in value.items()}
        return value


def _kind(value: Any) -> str:
    if isinstance(value, types.ModuleType):
        return "module"
    if isinstance(value, type):
        return "class"
    return "function" if callable(value) else "value"


def _same(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.shape == other.shape and one.dtype == other.dtype and torch.equal(one, other)


def _refuse_mismatch(function: Any, name: str, args: Any, kwargs: Any) -> None:
    """Tell a wrong signature from a TypeError inside the function."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return  # some builtins have none; the call itself will tell
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        raise SignatureMismatch(f"yours is {name}{signature}: {error}") from None


def _text(value: Any, limit: int) -> str:
    try:
        return str(value)[:limit] if isinstance(value, BaseException) else repr(value)[:limit]
    except BaseException:  # noqa: BLE001  a learner's __str__ may raise anything
        return "(its text cannot be shown)"


class Unchecked:
    """What ``grader.check(…)`` gives in here: a cell or a script that has itself graded is not graded once more."""

    passed = False
    points = max_points = 0

    require = grade = staticmethod(lambda: 0)  # asks for nothing, earns nothing

    def __init__(self, *_: Any, **__: Any) -> None: ...


def run(channel: Channel) -> None:
    """Serve with the learner's standard streams in place; the entry point of a sandboxed process."""
    sys.modules["__main__"] = types.ModuleType("__main__")
    vars(sys.modules["grader"])["check"] = Unchecked
    sys.argv = [MODULE_NAME]
    try:
        Server(channel).serve()
    except (WireError, OSError):
        os._exit(70)
