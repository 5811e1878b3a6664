"""The ``learner`` that a check calls.

It has the same face whether the code runs in the sandbox or, for our own wrong implementations, in this process.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from grader.assertions import CheckFailure, NotAttempted, returned
from grader.checking import Misconception
from grader.pictures import Drawable, drawn
from grader.portable import portable_source
from grader.report import Advice, Picture
from grader.suite import Suite

if TYPE_CHECKING:
    from grader.sandbox.judge_side import Client


class Call:
    """One call that a check made: what a failure message shows."""

    __slots__ = ("args", "function", "kwargs", "result")

    def __init__(self, function: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.function = function
        self.args = args
        self.kwargs = kwargs
        self.result: Any = None


class Learner(ABC):
    """A submission as a check sees it.

    ``learner.reparameterize(mu, sigma, epsilon)`` calls the learner's function, ``learner.MaskedConv2d("A", …)``
    makes a module, ``learner.answer("z")`` reads a by-hand answer, ``learner.run(trial, …)`` runs a trial.
    """

    def __init__(self, suite: Suite) -> None:
        self.suite = suite
        self.calls: list[Call] = []
        self.used: set[str] = set()
        self.advice: list[Advice] = []

    def __getattr__(self, name: str) -> LearnerFunction:
        if name.startswith("_"):
            raise AttributeError(name)
        return LearnerFunction(self, name)

    def answer(self, name: str) -> Any:
        """The value of the learner's module-level variable."""
        self.used.add(name)
        return self._value(name)

    def run(self, trial: Callable[..., Any], *args: Any, timeout: float = 60.0) -> Any:
        """Run a trial beside the learner's code; its result is untrusted.

        Args:
            trial: a function marked ``@trial``; its first parameter is the learner's module.
            args: plain values and tensors.
            timeout: seconds after which the learner's code is stopped.
        """
        return self._trial(trial, args, timeout)

    def advise(self, name: str, text: str) -> None:
        """Remark on code that is right but wasteful or fragile: shown if the check passes, at no cost.

        Args:
            name: id of the remark.
            text: one or two sentences.
        """
        self.advice.append(Advice(name, text))

    @abstractmethod
    def show(self, *pictures: Drawable) -> None:
        """Show pictures while the check runs, in place of those shown before; the last ones stand in the result.

        Args:
            pictures: ``Scatter``, ``Curves``, ``Images``, ``Grid`` or ``Comparison``; at most 6.
        """

    @abstractmethod
    def again(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], seconds: float) -> Any:
        """Call a function once more after the check, to confirm an explanation of its failure.

        Nothing remembers the call, and nobody sees what it prints.

        Args:
            name: of the function.
            args: as in a call of the check.
            kwargs: as in a call of the check.
            seconds: after which the learner's code is stopped.
        """

    def note(self, function: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call:
        """Remember a call for the message and for the choice of misconceptions."""
        self.used.add(function)
        self.calls.append(Call(function, args, kwargs))
        return self.calls[-1]

    @abstractmethod
    def _call(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any: ...

    @abstractmethod
    def _value(self, name: str) -> Any: ...

    @abstractmethod
    def _trial(self, trial: Callable[..., Any], args: tuple[Any, ...], timeout: float) -> Any: ...


class LearnerFunction:
    """A function or class of the learner, callable from a check."""

    def __init__(self, learner: Learner, name: str) -> None:
        self._learner = learner
        self._name = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it with tensors and plain values; the result is checked against the reference's declared kind."""
        learner = self._learner
        call = learner.note(self._name, args, kwargs)
        result = learner._call(self._name, args, kwargs)
        call.result = returned(result, self._name, learner.suite.reference_mark(self._name).returns)
        return call.result


class LocalLearner(Learner):
    """The references, with one misconception in place: what a replay runs. Never holds a learner's code."""

    def __init__(self, suite: Suite, misconception: Misconception | None = None) -> None:
        super().__init__(suite)
        self._wrong = misconception
        wrong = {misconception.target: misconception.wrong} if misconception is not None else {}
        self._functions = suite.functions(**{name: f for name, f in wrong.items() if name in suite.references})

    def show(self, *pictures: Drawable) -> None:
        """A replay shows nothing."""

    def again(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], seconds: float) -> Any:  # noqa: ARG002
        """Our own implementations need no limit."""
        return self._call(name, args, kwargs)

    def _call(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return getattr(self._functions, name)(*args, **kwargs)

    def _value(self, name: str) -> Any:
        if self._wrong is not None and self._wrong.target == name:
            return self._wrong.wrong(self._functions)
        return self.suite.answers[name](self._functions)

    def _trial(self, trial: Callable[..., Any], args: tuple[Any, ...], _: float) -> Any:
        return trial(self._functions, *args)


class RemoteLearner(Learner):
    """A submission in its sandbox."""

    def __init__(
        self, suite: Suite, client: Client, on_pictures: Callable[[tuple[Picture, ...]], None] = lambda _: None
    ) -> None:
        super().__init__(suite)
        self._client = client
        self._on_pictures = on_pictures

    def show(self, *pictures: Drawable) -> None:
        """Pass the pictures on."""
        self._on_pictures(drawn(pictures))

    def again(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], seconds: float) -> Any:
        """Call it behind the check's back."""
        with self._client.unheard():
            return self._client.call(name, args, kwargs, seconds=seconds)

    def _call(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        kind = self._client.load().get(name)
        if kind is None:
            raise NotAttempted(f"your file defines no {name}: was it renamed or taken out?")
        if kind in ("value", "module"):
            raise CheckFailure(f"{name} should be a function or class, but your file makes it a plain value")
        return self._client.call(name, args, kwargs)

    def _value(self, name: str) -> Any:
        kind = self._client.load().get(name)
        if kind is None:
            raise NotAttempted(f"your file defines no {name}: was it renamed or taken out?")
        if kind != "value":
            raise CheckFailure(f"{name} should hold your numbers, but your file makes it a {kind}")
        return self._client.get(name)

    def _trial(self, trial: Callable[..., Any], args: tuple[Any, ...], timeout: float) -> Any:
        return self._client.trial(portable_source(trial), trial.__name__, args, timeout)
