"""What a check may rely on, whichever way processes start and whichever layers there are."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from grader.checking import CheckFailure
from grader.core import Sandbox
from grader.sandbox.faults import (
    GarbageReply,
    LearnerDied,
    LearnerFault,
    LearnerRaised,
    LearnerTimedOut,
    WrongSignature,
)
from grader.sandbox.isolation import LAYERS
from grader.sandbox.judge_side import Client

Connect = Callable[[str], Client]

REPARAMETERIZE = """
    import torch
    def reparameterize(mu, sigma, epsilon):
        return mu + sigma * epsilon
"""


def call(client: Client, name: str, *args: object, **kwargs: object) -> object:
    return client.call(name, args, kwargs)


# --- values -------------------------------------------------------------------------------------------------


def test_values_come_back_as_they_are(connect: Connect) -> None:
    client = connect("def same(*values): return values")
    values = (
        None, True, 3, 10**30, -2.5, float("inf"), 1 + 2j, "σ", b"\x00\xff", [1, [2, (3,)]], {("A", 3): 4}, {1, 2},
    )  # fmt: skip
    assert call(client, "same", *values) == values


@pytest.mark.parametrize(
    "dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.bool]
)
def test_tensors_keep_dtype_and_shape(connect: Connect, dtype: torch.dtype) -> None:
    client = connect("def same(x): return x")
    for shape in ((), (0, 3), (2, 3, 4)):
        tensor = (torch.randn(shape) * 3).to(dtype)
        back = call(client, "same", tensor)
        assert isinstance(back, torch.Tensor)
        assert back.dtype == dtype
        assert torch.equal(back, tensor)


def test_numpy_arrays_and_views_travel(connect: Connect) -> None:
    client = connect("def same(x): return x")
    array = np.arange(12.0).reshape(3, 4)[:, ::2]
    np.testing.assert_array_equal(call(client, "same", array), array)
    assert torch.equal(call(client, "same", torch.arange(6).view(2, 3).T), torch.arange(6).view(2, 3).T)


def test_variables_and_kinds(connect: Connect) -> None:
    client = connect("import math\nz = [0.6, 0.65, -0.2]\nclass C: pass\ndef f(): pass")
    kinds = client.load()
    assert (kinds["z"], kinds["C"], kinds["f"], kinds["math"]) == ("value", "class", "function", "module")
    assert client.get("z") == [0.6, 0.65, -0.2]


def test_a_learner_cannot_change_the_judges_tensor(connect: Connect) -> None:
    client = connect("def spoil(x):\n    x.zero_()\n    return x")
    mine = torch.ones(3)
    assert torch.equal(call(client, "spoil", mine), torch.zeros(3))
    assert torch.equal(mine, torch.ones(3))


def test_what_cannot_travel_is_a_handle_with_methods(connect: Connect) -> None:
    client = connect("class Box:\n    def double(self, x): return 2 * x\ndef make(): return Box()")
    box = call(client, "make")
    assert repr(box) == "a Box"
    assert box.double(4) == 8


# --- the graph ----------------------------------------------------------------------------------------------


def leaves(*shape: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    mu, sigma = (torch.randn(shape, dtype=torch.float64, requires_grad=True) for _ in range(2))
    return mu, sigma, torch.randn(shape, dtype=torch.float64)


def test_gradients_cross_the_boundary(connect: Connect) -> None:
    client = connect(REPARAMETERIZE)
    mu, sigma, epsilon = leaves(4, 3)
    z = call(client, "reparameterize", mu, sigma, epsilon)
    got = torch.autograd.grad((z**2).sum(), (mu, sigma))
    torch.testing.assert_close(got, (2 * z.detach(), 2 * z.detach() * epsilon))


def test_no_gradient_where_the_learner_cut_it(connect: Connect) -> None:
    client = connect("def half(x, y): return x.detach() * y")
    x, y = torch.randn(3, requires_grad=True), torch.randn(3, requires_grad=True)
    out = call(client, "half", x, y).sum()
    assert torch.autograd.grad(out, (x, y), allow_unused=True)[0] is None
    assert not call(client, "half", x, y.detach()).requires_grad


def test_the_same_tensor_twice_is_one_leaf(connect: Connect) -> None:
    client = connect("def product(a, b): return a * b")
    x = torch.tensor(3.0, requires_grad=True)
    (gradient,) = torch.autograd.grad(call(client, "product", x, x), x)
    assert float(gradient) == 6.0


def test_several_outputs_and_an_input_returned_as_it_is(connect: Connect) -> None:
    client = connect("def several(a, b): return {'sum': [a + b, a], 'plain': 7}")
    a, b = torch.randn(3, requires_grad=True), torch.randn(3, requires_grad=True)
    out = call(client, "several", a, b)
    assert out["plain"] == 7
    (gradient,) = torch.autograd.grad(out["sum"][0].sum() + 3 * out["sum"][1].sum(), a)
    torch.testing.assert_close(gradient, torch.full((3,), 4.0))


@pytest.mark.parametrize("order", [2, 3])
def test_higher_derivatives(connect: Connect, order: int) -> None:
    client = connect("import torch\ndef wave(x): return torch.sin(x) * x ** 3")
    x = torch.randn(5, dtype=torch.float64, requires_grad=True)

    def derivative(function: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
        value = function(x).sum()
        for _ in range(order):
            (gradient,) = torch.autograd.grad(value, x, create_graph=True)
            value = gradient.sum()
        return gradient

    remote = derivative(lambda t: call(client, "wave", t))
    torch.testing.assert_close(remote, derivative(lambda t: torch.sin(t) * t**3))


def test_a_gradient_penalty_trains_a_learners_critic(connect: Connect) -> None:
    client = connect("""
        import torch
        from torch import nn
        def critic():
            torch.manual_seed(0)
            return nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
    """)
    torch.manual_seed(0)
    local = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
    points = torch.randn(16, 2)

    def penalty_gradients(critic: nn.Module) -> list[torch.Tensor]:
        x = points.clone().requires_grad_()
        (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
        ((slope.norm(dim=1) - 1) ** 2).mean().backward()
        return [torch.zeros(()) if p.grad is None else p.grad for p in critic.parameters()]

    for got, wanted in zip(penalty_gradients(call(client, "critic")), penalty_gradients(local), strict=True):
        torch.testing.assert_close(got, wanted)


# --- modules ------------------------------------------------------------------------------------------------

NETWORK = """
    import torch
    from torch import nn
    class Net(nn.Module):
        def __init__(self, width=4):
            super().__init__()
            self.norm = nn.BatchNorm1d(3)
            self.inner = nn.ModuleDict({"first": nn.Linear(3, width)})
            self.out = nn.utils.parametrizations.weight_norm(nn.Linear(width, 1))
        def forward(self, x):
            return self.out(torch.relu(self.inner["first"](self.norm(x))))
        def features(self, x):
            return self.inner["first"](x)
"""


@pytest.mark.parametrize("kind", ["sgd", "adam"])
def test_ordinary_optimizers_train_a_learners_module(connect: Connect, kind: str) -> None:
    client = connect(NETWORK)
    space: dict[str, type[nn.Module]] = {}
    exec("\n".join(line[4:] for line in NETWORK.splitlines()), space)  # noqa: S102  the same text as our oracle
    remote, local = call(client, "Net", width=5), space["Net"](width=5)
    assert [name for name, _ in remote.named_parameters()] == [name for name, _ in local.named_parameters()]
    local.load_state_dict(remote.state_dict())
    x = torch.randn(16, 3)
    losses = []
    for net in (remote, local):
        make = torch.optim.SGD if kind == "sgd" else torch.optim.Adam
        optimizer = make(net.parameters(), lr=0.05, weight_decay=0.01)
        for _ in range(5):
            optimizer.zero_grad()
            loss = (net(x) - 1).pow(2).mean()
            loss.backward()
            optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    for name, value in local.state_dict().items():
        torch.testing.assert_close(remote.state_dict()[name], value, msg=f"{name} differs")


def test_modules_compose_and_change_dtype(connect: Connect) -> None:
    client = connect(NETWORK)
    stack = nn.Sequential(call(client, "Net"), nn.Tanh()).double().eval()
    x = torch.randn(2, 3, dtype=torch.float64)
    assert stack(x).dtype == torch.float64
    assert stack[0].method("features", x).shape == (2, 4)


# --- trials, callbacks, generators ----------------------------------------------------------------------------


def test_a_trial_runs_beside_the_learners_code(connect: Connect) -> None:
    client = connect(REPARAMETERIZE)
    source = "def fit(submission, n):\n    return [float(submission.reparameterize(1.0, 2.0, i)) for i in range(n)]"
    assert client.trial(source, "fit", (3,), 10.0) == [1.0, 3.0, 5.0]


def test_a_learner_may_call_a_model_of_the_judge(connect: Connect) -> None:
    client = connect("""
        import torch
        @torch.no_grad()
        def use(model, x):
            model.eval()
            assert next(model.parameters()).device.type == "cpu"
            for _ in range(3):
                x = model(x)
            return x
    """)
    seen = []

    def model(x: torch.Tensor) -> torch.Tensor:
        seen.append(x)
        return x + 1

    assert torch.equal(call(client, "use", model, torch.zeros(2)), torch.full((2,), 3.0))
    assert len(seen) == 3


def test_a_model_of_the_judge_may_be_made_of_learners_modules(connect: Connect) -> None:
    client = connect("from torch import nn\ndef use(model, x): return model(x) + model(x)\nLayer = nn.Linear")
    layer = call(client, "Layer", 2, 2)
    model = nn.Sequential(layer, nn.ReLU())
    x = torch.randn(1, 2)
    torch.testing.assert_close(call(client, "use", model, x), 2 * model(x).detach())


def test_an_assertion_in_a_callback_fails_the_check(connect: Connect) -> None:
    client = connect("def use(model):\n    try:\n        return model(3)\n    except Exception:\n        return 0")

    def model(_: int) -> None:
        raise CheckFailure("the model wants images")

    with pytest.raises(CheckFailure, match="wants images"):
        call(client, "use", model)
    assert call(client, "use", lambda x: x + 1) == 4


def test_generators_travel_and_advance(connect: Connect) -> None:
    client = connect("import torch\ndef draw(generator=None): return torch.randn(3, generator=generator)")
    mine, oracle = torch.Generator().manual_seed(7), torch.Generator().manual_seed(7)
    for _ in range(3):
        assert torch.equal(call(client, "draw", generator=mine), torch.randn(3, generator=oracle))
    client.seed(5)
    first = call(client, "draw")
    client.seed(5)
    assert torch.equal(first, call(client, "draw"))


# --- faults -------------------------------------------------------------------------------------------------

FAULTS = """
    import os, sys, ctypes, signal, time, torch
    class Odd(KeyError): pass
    class Mute(Exception):
        def __str__(self): raise RuntimeError("no")
    def fine(): return 1
    def value(): raise ValueError("bad σ")
    def odd(): raise Odd("x")
    def mute(): raise Mute()
    def todo(): raise NotImplementedError("write me")
    def leave(): sys.exit(0)
    def interrupt(): raise KeyboardInterrupt
    def asks(): return input("your name? ")
    def deep(n=0): return deep(n + 1)
    def exits(): os._exit(0)
    def crashes(): ctypes.string_at(0)
    def loops():
        while True: pass
    def bomb():
        kept = []
        while True: kept.append(bytearray(1 << 28))
    def tensor_bomb(): return torch.ones(1 << 40)
    def prints():
        for _ in range(3000): print("x" * 1000)
        return 1
    def garbage():
        os.write(3, b"garbage" * 100)
        return 1
    def lies():
        import struct
        os.write(3, struct.pack("<4sIQ", b"RPM1", 64, 0) + b"\\xc1" * 64)
        return 1
    def too_big(): return torch.zeros(1 << 27)
    def nested():
        x = []
        for _ in range(100): x = [x]
        return x
    def escapes(): raise ValueError("\\x1b[31mred\\x1b[0m \\u202e hidden \\x07")
"""


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("value", ValueError),
        ("odd", KeyError),
        ("todo", NotImplementedError),
        ("asks", EOFError),
        ("deep", RecursionError),
    ],
)
def test_exceptions_come_back_as_the_nearest_builtin(connect: Connect, name: str, kind: type[Exception]) -> None:
    with pytest.raises(kind) as caught:
        call(connect(FAULTS), name)
    assert isinstance(caught.value, LearnerRaised)
    assert caught.value.frames


@pytest.mark.parametrize("name", ["mute", "leave", "interrupt"])
def test_what_is_no_ordinary_exception_is_still_the_learners(connect: Connect, name: str) -> None:
    client = connect(FAULTS)
    with pytest.raises(LearnerRaised):
        call(client, name)
    assert call(client, "fine") == 1


@pytest.mark.parametrize("name", ["exits", "crashes", "garbage", "lies"])
def test_a_dead_process_costs_one_call(connect: Connect, name: str) -> None:
    client = connect(FAULTS)
    with pytest.raises(LearnerFault):
        call(client, name)
    assert call(client, "fine") == 1


def test_how_it_died_is_told(connect: Connect) -> None:
    client = connect(FAULTS)
    with pytest.raises(LearnerDied, match=r"os\._exit"):
        call(client, "exits")
    with pytest.raises(LearnerDied, match="SIGSEGV"):
        call(client, "crashes")
    with pytest.raises(GarbageReply):
        call(client, "lies")


def test_an_endless_loop_is_stopped(connect: Connect) -> None:
    client = connect(FAULTS)
    started = time.monotonic()
    with pytest.raises(LearnerTimedOut, match="never ends"):
        client.trial("def spin(submission): submission.loops()", "spin", (), 0.5)
    assert time.monotonic() - started < 30
    assert call(client, "fine") == 1


def test_all_calls_of_a_grading_together_have_a_limit(connect: Connect) -> None:
    client = connect(FAULTS)
    assert call(client, "fine") == 1
    client._until = time.monotonic() + 0.3  # as a judge is given five minutes
    with pytest.raises(LearnerTimedOut):
        call(client, "loops")
    with pytest.raises(LearnerTimedOut, match="nothing was left"):
        call(client, "fine")


@pytest.mark.parametrize("name", ["bomb", "tensor_bomb"])
def test_a_memory_bomb_is_an_exception_or_a_death(connect: Connect, missing_layer: str, name: str) -> None:
    if missing_layer == "rlimits" and name == "bomb":
        pytest.skip("without limits nothing stops it but the machine's memory")
    client = connect(FAULTS)
    with pytest.raises(LearnerFault):
        call(client, name)
    assert call(client, "fine") == 1


def test_printing_megabytes_neither_blocks_nor_floods(connect: Connect) -> None:
    client = connect(FAULTS)
    assert call(client, "prints") == 1
    assert len(client.printed()) <= 4000
    assert client.printed() == ""


@pytest.mark.parametrize("name", ["too_big", "nested"])
def test_a_value_too_large_to_travel_is_the_learners_fault(connect: Connect, name: str) -> None:
    client = connect(FAULTS)
    with pytest.raises(LearnerFault):
        call(client, name)
    assert call(client, "fine") == 1


def test_text_of_exceptions_is_cleaned(connect: Connect) -> None:
    with pytest.raises(ValueError, match="red") as caught:
        call(connect(FAULTS), "escapes")
    assert not set("\x1b\u202e\x07") & set(str(caught.value))


def test_a_wrong_signature_is_told_from_an_error_inside(connect: Connect) -> None:
    client = connect("def f(a, b): return a + b")
    with pytest.raises(WrongSignature, match=r"f\(a, b\)"):
        call(client, "f", 1, 2, 3)
    with pytest.raises(TypeError):
        call(client, "f", 1, "x")


def test_a_file_that_does_not_load_says_where(connect: Connect) -> None:
    client = connect("import torch\nimport no_such_package\n")
    for _ in range(2):
        with pytest.raises(ModuleNotFoundError, match="no_such_package") as caught:
            client.load()
        assert caught.value.frames == ((2, "<module>"),)


def test_frames_name_the_learners_lines(connect: Connect) -> None:
    client = connect("def outer():\n    return inner()\ndef inner():\n    raise ValueError('x')\n")
    with pytest.raises(LearnerRaised) as caught:
        call(client, "outer")
    assert caught.value.frames == ((2, "outer"), (4, "inner"))


# --- processes ----------------------------------------------------------------------------------------------


def test_the_active_layers_are_reported(connect: Connect, missing_layer: str) -> None:
    client = connect("import os\npid = os.getpid()")
    client.load()
    assert client.layers[0] == "process"
    assert set(client.layers) <= {"process", *LAYERS}
    assert missing_layer not in client.layers
    assert list(client.layers[1:]) == [layer for layer in LAYERS if layer in client.layers]


def test_nothing_of_a_submission_outlives_it(connect: Connect) -> None:
    client = connect("import os\ndef pid(): return os.getpid()")
    pid = call(client, "pid")
    client.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert call(client, "pid") != pid


def test_submissions_do_not_share_random_numbers(connect: Connect) -> None:
    source = "import torch\ndef draw(): return torch.randn(3)"
    client = connect(source)
    first = call(client, "draw")
    client.close()
    assert not torch.equal(first, call(client, "draw"))


def test_the_environment_is_empty(connect: Connect, sandbox: Sandbox) -> None:
    client = connect("import os, sys\nenvironment = sorted(os.environ)\nargv = list(sys.argv)")
    assert set(client.get("environment")) <= {"PATH", "HOME", "LANG", "OMP_NUM_THREADS", "LC_CTYPE", "TMPDIR"}
    assert client.get("argv") == ["submission"]
    assert sandbox.pid > 0
