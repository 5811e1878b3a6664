"""Autograd across the boundary: calls into the submission become nodes of the judge's graph."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from grader.sandbox.faults import GarbageReply
from grader.sandbox.wire import MODULE_LIMIT, ModuleHandle, WireError

if TYPE_CHECKING:
    from grader.sandbox.judge_side import Client

NO_MODULE = (TypeError, ValueError, AttributeError, KeyError, RuntimeError)
"""What comes of a handle whose parameters and buffers are none."""

_NAME = re.compile(r"[A-Za-z0-9_]{1,60}(\.[A-Za-z0-9_]{1,60}){0,12}")


class _Slot:
    """The place of a differentiable output in a reply, until the graph has made its node."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number


class _Operation:
    """A call that the submission's side remembers for the backward pass; forgotten together with its node."""

    __slots__ = ("client", "generation", "number")

    def __init__(self, client: Client, number: int) -> None:
        self.client = client
        self.generation = client.generation
        self.number = number

    def __del__(self) -> None:
        self.client.freed(self.number, self.generation)


class _Exchange:
    """One differentiable request and its reply."""

    def __init__(self, client: Client, message: dict[str, Any], seconds: float, offset: int = 0) -> None:
        self.client = client
        self.message = message
        self.seconds = seconds
        self.offset = offset  # the first inputs are known to the other side already
        self.result: Any = None

    def run(self, inputs: tuple[torch.Tensor, ...]) -> tuple[_Operation, tuple[torch.Tensor, ...]]:
        numbers = {id(tensor): place for place, tensor in enumerate(inputs[self.offset :])}
        outputs: list[torch.Tensor] = []

        def slot(tensor: torch.Tensor, number: int) -> _Slot:
            if number != len(outputs):
                raise WireError("bad graph number")
            outputs.append(tensor)
            return _Slot(number)

        reply = self.client.request(self.message, self.seconds, slot, lambda tensor: numbers.get(id(tensor)))
        self.result = reply["result"]
        return _Operation(self.client, reply["operation"]), tuple(outputs)


class _Node(torch.autograd.Function):
    """Forward ran in the submission; backward is a vector-Jacobian product there.

    When the judge asks for a graph of the gradient (double backward), that product is such a node itself, with
    the inputs and the outer gradients as its inputs: so every order works.
    """

    @staticmethod
    def forward(ctx: Any, exchange: _Exchange, *inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        ctx.set_materialize_grads(False)
        ctx.operation, outputs = exchange.run(inputs)
        ctx.seconds = exchange.seconds
        ctx.save_for_backward(*inputs)
        return outputs

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor | None) -> tuple[torch.Tensor | None, ...]:
        inputs = ctx.saved_tensors
        client: Client = ctx.operation.client
        create = torch.is_grad_enabled()
        message = {"op": "vjp", "operation": ctx.operation.number, "grads": list(grads), "create": create}
        if create:
            exchange = _Exchange(client, message, ctx.seconds, offset=len(inputs))
            given = {id(grad): grad for grad in grads if grad is not None}
            outputs = _node(exchange, *inputs, *given.values())
            found = _fill(exchange.result, outputs)
        else:
            found = client.request(message, ctx.seconds)["result"]
        return (None, *_checked(client, found, inputs))


def _node(exchange: _Exchange, *inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
    return tuple(_Node.apply(exchange, *inputs))  # type: ignore[no-untyped-call]  # torch does not annotate apply


def apply_remote(client: Client, message: dict[str, Any], inputs: list[torch.Tensor], seconds: float) -> Any:
    """Run a request as a node of the graph over ``inputs``; returns its result with differentiable tensors."""
    exchange = _Exchange(client, message, seconds)
    outputs = _node(exchange, *inputs)
    return _fill(exchange.result, outputs)


def _checked(client: Client, found: Any, inputs: tuple[torch.Tensor, ...]) -> list[torch.Tensor | None]:
    """Gradients as the submission sent them: untrusted until their shapes fit."""
    if type(found) is not list or len(found) != len(inputs):
        raise client.fail(GarbageReply("your code answered with gradients that are none"))
    for gradient, tensor in zip(found, inputs, strict=True):
        if gradient is None:
            continue
        fits = isinstance(gradient, torch.Tensor) and gradient.shape == tensor.shape and gradient.dtype == tensor.dtype
        if not fits:
            raise client.fail(GarbageReply("your code answered with gradients of another shape"))
    return found


def _fill(value: Any, outputs: tuple[torch.Tensor, ...]) -> Any:
    """Put the graph's tensors where the reply had them."""
    if type(value) is _Slot:
        return outputs[value.number]
    if type(value) is list:
        return [_fill(part, outputs) for part in value]
    if type(value) is tuple:
        return tuple(_fill(part, outputs) for part in value)
    if type(value) is dict:
        return {key: _fill(part, outputs) for key, part in value.items()}
    return value


def tensors_in(value: Any) -> list[torch.Tensor]:
    """The distinct tensors in nested plain values that require a gradient."""
    found: dict[int, torch.Tensor] = {}
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, torch.Tensor):
            if item.requires_grad:
                found.setdefault(id(item), item)
        elif type(item) in (list, tuple):
            todo.extend(reversed(item))
        elif type(item) is dict:
            todo.extend(reversed(item.values()))
    return list(found.values())


class RemoteModule(nn.Module):
    """A learner's module. Its parameters and buffers are mirrored here under the learner's names, so ordinary
    optimizers, ``.double()``, ``state_dict`` and ``nn.Sequential`` work; forward runs in the submission.
    """

    def __init__(self, client: Client, handle: ModuleHandle) -> None:
        super().__init__()
        self._client = client
        self._number = handle.number
        self._room = MODULE_LIMIT
        for name, value, wants_gradient in handle.parameters:
            parameter = nn.Parameter(_real(value).clone(), requires_grad=bool(wants_gradient))
            self._home(name)._parameters[name.rpartition(".")[2]] = parameter
        for name, value in handle.buffers:
            self._home(name)._buffers[name.rpartition(".")[2]] = _real(value).clone()
        self.train(handle.training)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Run the learner's forward with the mirrored parameters; buffers that it changed come back."""
        return self.method("forward", *args, **kwargs)

    def method(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """Run another method of the learner's module in the same way."""
        buffers = dict(self.named_buffers())
        message = {
            "op": "module",
            "object": self._number,
            "name": name,
            "args": list(args),
            "kwargs": kwargs,
            "training": self.training,
            "parameters": dict(self.named_parameters()),
            "buffers": buffers,
        }
        reply = self._client.invoke(message)
        if type(reply) is not list or len(reply) != 2 or type(reply[1]) is not dict:
            raise self._client.fail(GarbageReply("your module answered with something that is no answer"))
        with torch.no_grad():
            for changed, value in reply[1].items():
                mine = buffers.get(changed)
                if mine is not None and isinstance(value, torch.Tensor) and value.shape == mine.shape:
                    mine.copy_(value)
        return reply[0]

    def _home(self, name: Any) -> nn.Module:
        """The (made up, if need be) submodule that holds the parameter ``a.b.c``."""
        if type(name) is not str or not _NAME.fullmatch(name):
            raise ValueError("not a parameter's name")
        module: nn.Module = self
        for part in name.split(".")[:-1]:
            if part not in module._modules:
                self._room -= 1
                if self._room < 0:
                    raise ValueError("more modules than a model has")
                module.add_module(part, nn.Module())
            child = module._modules[part]
            assert child is not None
            module = child
        return module

    def __deepcopy__(self, memo: dict[int, Any]) -> RemoteModule:
        raise TypeError("a learner's module cannot be copied; make a second one")


def _real(value: Any) -> torch.Tensor:
    if not isinstance(value, torch.Tensor):
        raise TypeError("not a tensor")
    return value
