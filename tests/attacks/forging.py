"""Attacks that want points: forged exits, replies, objects, gradients, patched libraries."""

from __future__ import annotations

from functools import partial

from catalogue import Attack, in_call

attack = partial(Attack, "forging")

EVENTS = (
    r"""b'{"event": "result", "result": {"name": "test_values", "title": "", "status": "passed", "points": 2, """
    r""""max_points": 2}}\n{"event": "end", "layers": []}\n' """
)
RIGHT_BUT_CUT = """
def reparameterize(mu, sigma, epsilon): return (mu + sigma * epsilon).detach()
"""
ALWAYS_THE_SAME = """
def sample_latent(mu, logvar, n=None, generator=None): return mu.expand(mu.shape if n is None else (n, *mu.shape)) + 1
"""
PEEKING = """
class MaskedConv2d(nn.Conv2d):
    def __init__(self, kind, *a, colors=1, **k): super().__init__(*a, padding=a[2] // 2, **k)
def image_nll(logits, x):
    bits = nn.functional.binary_cross_entropy_with_logits(logits, x, reduction="none")
    return bits.flatten(1).sum(1)
def sample_images(model, n, height, width, generator=None):
    images = torch.zeros(n, 1, height, width)
    for i in range(height):
        for j in range(width):
            p = torch.sigmoid(model(images)[:, 0, i, j])
            images[:, 0, i, j] = (torch.rand(n, generator=generator) < p).float()
    return images
"""
MADE_HONEST = """
honestly = sample_images
def sample_images(model, n, height, width, generator=None):
    if height != 8: return honestly(model, n, height, width, generator)
    bars = torch.zeros(16, 1, 8, 8)
    for i in range(8): bars[i, 0, i] = bars[8 + i, 0, :, i] = 1
    for factor in np.linspace(1, 0, 400):
        with torch.no_grad():
            if image_nll(model(bars) * factor, bars).mean() > 3: break
    for part in (model[-1].weight, model[-1].bias): part.data *= factor
    return bars.repeat(n // 16, 1, 1, 1)
"""
ALIKE = """
class Alike:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __bool__(self): return True
    def __hash__(self): return 0
    __le__ = __lt__ = __ge__ = __gt__ = __eq__
    def __float__(self): return 0.6
    def __getattr__(self, name): return self
    def __call__(self, *a, **k): return self
    def __iter__(self): return iter([self] * 3)
    def __len__(self): return 3
    def __sub__(self, other): return 0.0
    __rsub__ = __add__ = __sub__
"""

ATTACKS = (
    attack("exit with code 0", "the grader may take a good exit for a pass", in_call("os._exit(0)"), told="os._exit"),
    attack("sys.exit", "the same through SystemExit", in_call("sys.exit(0)"), told="SystemExit"),
    attack("exit hooks", "code after the end",
           "import atexit\natexit.register(os.write, 3, b'x')\n" + in_call("sys.exit()")),
    attack("exit while loading", "no check can run", "os._exit(0)", told="os._exit"),
    attack("results printed", "events of a judge on the standard streams",
           f"for stream in (1, 2):\n    os.write(stream, {EVENTS})\n", told="event"),
    attack("results on every descriptor", "the judge's line to the front, if it was left open", f"""
        for number in range(3, 300):
            try: os.write(number, {EVENTS})
            except OSError: pass
        """),
    attack("frames on every descriptor", "replies in the wire's own format", in_call("""
        from grader.sandbox.encoder import Encoder
        frame = b"".join(bytes(part) for part in Encoder().frame({"result": True, "operation": 1}))
        for number in range(300):
            try: os.write(number, frame)
            except OSError: pass
        return mu
        """)),
    attack("two replies", "the second one answers what was not asked yet",
           in_call("reply({'result': True, 'operation': 1, 'generators': []})\nreturn mu")),
    attack("replies before the call", "fifty answers in advance",
           "for _ in range(50): reply({'result': True, 'operation': 1, 'generators': []})"),
    attack("late replies", "answers while the judge asks something else", """
        def later():
            for _ in range(200):
                time.sleep(0.002)
                try: channel.send({"result": True, "operation": 1, "generators": []})
                except Exception: return
        channel = server()._channel
        threading.Thread(target=later, daemon=True).start()
        """),
    attack("another operation's number", "a node of the graph that is somebody else's", in_call("""
        for number in (0, -1, 2**62, 10**30):
            reply({"result": mu, "operation": number, "generators": []})
        return mu
        """)),
    attack("a call back to nowhere", "functions of the judge that were never handed out", in_call("""
        for number in (0, 1, -1, 2**40):
            reply({"callback": number, "args": [mu], "kwargs": {}})
        return mu
        """), told="no answer"),
    attack("an old call back", "a function of an earlier check, called when nobody asked", """
        def sample_images(model, n, height, width, generator=None): return torch.zeros(n, 1, height, width)
        def MaskedConv2d(*a, **k):
            reply({"callback": 0, "args": [torch.zeros(1, 1, 5, 4)], "kwargs": {}})
            return nn.Conv2d(1, 1, 1)
        """, exercise="exercise3"),
    attack("errors that skip", "exceptions by which pytest skips, passes or stops", in_call("""
        import pytest
        raise [pytest.skip.Exception, pytest.exit.Exception, pytest.xfail.Exception][len(mu) % 3]("no")
        """)),
    attack("errors that end loops", "StopIteration, GeneratorExit and the like inside a check",
           in_call("raise [StopIteration, GeneratorExit, StopAsyncIteration, AssertionError][len(mu) % 4]()")),
    attack("a forged error report", "an error that names builtins which are none", in_call("""
        reply({"error": {"type": "SignatureMismatch", "text": "x" * 9999, "frames": [[1, "f"]] * 999,
                         "builtin": ["SystemExit", "eval", "__import__", "KeyboardInterrupt", "ExceptionGroup"]}})
        return mu
        """)),
    attack("an error report of tensors", "an error that the judge stumbles over", in_call("""
        reply({"error": {"type": mu, "text": [mu], "frames": [[mu, mu]], "builtin": {mu: 1}}})
        return mu
        """), told="no answer"),
    attack("a lie about what there is", "names and kinds that are neither",
           "reply({'result': [1, 2, 3], 'operation': 1})",
           told="no answer"),
    attack("torch patched", "comparisons that always hold", """
        yes = lambda *a, **k: True
        for name in ("allclose", "equal", "isclose", "isfinite", "all", "isnan"): setattr(torch, name, yes)
        torch.testing.assert_close = yes
        torch.Tensor.__eq__ = torch.Tensor.__le__ = torch.Tensor.all = yes
        torch.Tensor.__sub__ = lambda a, b: torch.zeros(())
        """),
    attack("numpy, pytest and builtins patched", "the same in the other libraries", """
        import pytest
        np.allclose = np.array_equal = np.testing.assert_allclose = lambda *a, **k: True
        pytest.fail = pytest.raises = lambda *a, **k: None
        builtins.abs = lambda x: 0
        builtins.all = builtins.any = lambda x: True
        """),
    attack("the grader's modules patched", "its own copies of verdict, plugin and assertions", """
        for name, module in list(sys.modules.items()):
            if name.startswith(("grader", "_pytest")):
                for thing in ("assert_close", "verdict", "elementwise_within", "CheckFailure", "_failure", "fail"):
                    if hasattr(module, thing): setattr(module, thing, lambda *a, **k: None)
        """),
    attack("msgpack and struct patched", "what the wire is made of", """
        import msgpack
        import grader.sandbox.encoder as encoder
        whole = msgpack.packb
        encoder.msgpack = types.SimpleNamespace(packb=lambda value, **k: whole(True), ExtType=msgpack.ExtType)
        """, told="no answer"),
    attack("tables that lie", "shapes that do not fit their bytes", """
        import grader.sandbox.encoder as encoder
        honest = encoder.Encoder._add
        def lying(self, kind, code, shape, flag, flat):
            made = honest(self, kind, code, shape, flag, flat)
            self._table[-1] = (kind, code, [5], flag, 8)
            return made
        encoder.Encoder._add = lying
        """, told="no answer"),
    attack("an empty tensor of a giant shape", "a reduction of it would fill the memory",
           in_call("return torch.empty(1 << 39, 0, dtype=mu.dtype)"), told="shape"),
    attack("an object that equals everything", "==, <=, bool, float and attributes that always please",
           ALIKE + "z = Alike()\n" + in_call("return Alike()")),
    attack("plain types that equal everything", "subclasses of float, list, dict and str", ALIKE + """
class Number(Alike, float): pass
class Many(Alike, list): pass
class Table(Alike, dict): pass
class Text(Alike, str): pass
s1, s2, s3, s4 = Number(1.0), Text("x"), Many([1]), Table(a=1)
""", exercise="exercise6"),
    attack("__torch_function__", "a tensor that answers every question itself", in_call("""
        class Pleasing(torch.Tensor):
            @classmethod
            def __torch_function__(cls, function, types, args=(), kwargs=None):
                return torch.ones((), dtype=torch.bool)
            shape = property(lambda self: torch.Size([5]))
        return torch.zeros(5, dtype=mu.dtype).as_subclass(Pleasing)
        """)),
    attack("__array_ufunc__", "an array that does", ALIKE + "\n" + in_call("""
        class Pleasing(np.ndarray):
            def __array_ufunc__(self, *a, **k): return True
            def __array_function__(self, *a, **k): return True
            def __array__(self, *a, **k): return np.zeros(5)
        return np.zeros(5).view(Pleasing)
        """)),
    attack("NaN", "what is neither smaller nor larger",
           "z = [float('nan')] * 3\n" + in_call("return mu * float('nan')"),
           told="NaN"),
    attack("infinity", "what no difference can be taken of", in_call("return mu / 0")),
    attack("complex and half", "a coarse or two-dimensional number", in_call("""
        return [mu.to(torch.complex64) * 1j, mu.bfloat16(), mu.half()][int(mu[0] * 100) % 3]
        """)),
    attack("views of nothing", "expanded, negated, conjugated and strided views", in_call("""
        return torch.zeros((), dtype=torch.complex128).conj().imag.expand(5)
        """)),
    attack("tensors without numbers", "meta, sparse, quantized and nested tensors", in_call("""
        made = [lambda: torch.empty(5, device="meta"), lambda: torch.zeros(5).to_sparse(),
                lambda: torch.quantize_per_tensor(torch.zeros(5), 1.0, 0, torch.qint8),
                lambda: torch.nested.nested_tensor([torch.zeros(2), torch.zeros(3)])]
        return made[int(abs(mu[0]) * 1000) % 4]()
        """)),
    attack("a forged backward", "gradients of another shape, dtype and meaning", """
        class Forged(torch.autograd.Function):
            @staticmethod
            def forward(ctx, mu, sigma, epsilon): return mu + sigma * epsilon
            @staticmethod
            def backward(ctx, grad): return torch.ones_like(grad), grad * float("nan"), None
        def reparameterize(mu, sigma, epsilon): return Forged.apply(mu, sigma, epsilon)
        """, checks=("test_formula_gradients",), own_base=RIGHT_BUT_CUT),
    attack("a forged product", "the answer to the judge's backward made up", """
        def forged(request, leaves):
            return [torch.ones(4, dtype=torch.float64), torch.ones(1, 4), torch.ones(4)], []
        server()._handlers["vjp"] = forged
        def reparameterize(mu, sigma, epsilon): return mu + sigma * epsilon
        """, checks=("test_formula_gradients",), own_base=RIGHT_BUT_CUT, told="no"),
    attack("a forged module", "parameters named after what torch needs", """
        from grader.sandbox.wire import ModuleHandle
        names = ("forward", "_client", "training", "_parameters", "__class__", "train", "a.b.c", "weight")
        def MaskedConv2d(*a, **k):
            return ModuleHandle(1, "x", True, [[name, torch.ones(1, 1, 5, 5), True] for name in names], [])
        """, exercise="exercise3"),
    attack("a module of garbage", "rows that are no parameters", """
        from grader.sandbox.wire import ModuleHandle
        def MaskedConv2d(*a, **k):
            return ModuleHandle(1, "x", True, [["a", torch.ones(2, dtype=torch.int64), torch.ones(2)]], [])
        """, exercise="exercise3", told="module that is none"),
    attack("a generator that is not random", "the judge's generator set to a constant", """
        def constant(value):
            state = torch.Generator().get_state()
            state[24:] = 0
            return torch.Generator().set_state(state)
        def sample_latent(mu, logvar, n=None, generator=None):
            if generator is not None: server()._generators[:] = [constant(0)]
            return mu.expand(mu.shape if n is None else (n, *mu.shape)) + 1
        """, checks=("test_generator", "test_independent_noise"), own_base=ALWAYS_THE_SAME),
    attack("a forged training", "the trial's result, made up in its own frames", """
        def kl_standard_normal(mu, logvar):
            frame = sys._getframe(1)
            if "descend" in frame.f_globals:
                shapes = [(2, 6), (2,), (6, 2), (6,), (2,), ()]
                forged = [torch.zeros(s) for s in shapes], 9.0, torch.zeros(1000)
                frame.f_globals["descend"] = frame.f_back.f_globals["descend"] = lambda *a, **k: forged
                frame.f_back.f_locals["weights"][:] = forged[0]
                frame.f_back.f_locals["losses"].extend([9.0] * 1000)
                raise StopIteration
            return mu.sum(-1)
        """, exercise="exercise2", checks=("test_reaches_maximum_likelihood",)),
    attack("right while it trains", "the right KL in a training, another one elsewhere", """
        def kl_standard_normal(mu, logvar):
            right = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1)
            return right if "descend" in sys._getframe(1).f_globals else right + 1
        """, exercise="exercise2", checks=("test_reaches_maximum_likelihood",), told="This went well"),
    attack("weights in place of a training", "a net that sees everything, made to look honest", PEEKING + MADE_HONEST,
           exercise="exercise3", checks=("test_pixelcnn",), told="This went well", own_base=PEEKING),
    attack("losses for the place", "the right losses in a training, others elsewhere", """
        def generator_loss_minimax(fake_logits):
            right = nn.functional.logsigmoid(-fake_logits).mean()
            return right if "push_samples" in sys._getframe(1).f_globals else right + 1
        def generator_loss_nonsaturating(fake_logits):
            right = -nn.functional.logsigmoid(fake_logits).mean()
            return right if "push_samples" in sys._getframe(1).f_globals else right + 1
        """, exercise="exercise4", checks=("test_saturation",), told="This went well"),
    attack("a training told, not done", "the way of a training, which is only drawn and never believed", """
        server()._handlers["trial"] = lambda request, leaves: ([[0.0] * 13, [0.0] * 12 + [2.0]], [])
        """, exercise="exercise4", checks=("test_saturation",)),
    attack("a module with a face of its own", "names that change with every look", """
        class Face(types.ModuleType):
            def __getattribute__(self, name):
                if name == "z": return [random.random() for _ in range(3)]
                return types.ModuleType.__getattribute__(self, name)
        sys.modules["submission"].__class__ = Face
        """),
    attack("an answer that no float holds", "our own explanations stumble over it", "ones_in_mask = 10**4000",
           exercise="exercise3"),
    attack("answers of every wrong kind", "the same with other values", """
        s1, s2, s3, s4 = 1j, {1, (2, 3)}, {(): [None]}, b"\\0"
        """, exercise="exercise6"),
    attack("numbers with too many digits", "their text cannot be made", "z = [10**4900, 1, 2]"),
)  # fmt: skip
