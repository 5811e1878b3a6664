"""Attacks that want the machine to stop: memory, threads, descriptors, disk, output, time, replies without end."""

from __future__ import annotations

from functools import partial

from catalogue import Attack, in_call

attack = partial(Attack, "exhausting")

ATTACKS = (
    attack("memory by lists", "until there is none", in_call("kept = []\nwhile True: kept.append(bytearray(1 << 24))"),
           told="memory"),
    attack("memory by numpy", "the same", in_call("kept = [np.ones(1 << 22) for _ in range(10**6)]"), told="emory"),
    attack("memory by torch", "the same", in_call("kept = [torch.ones(1 << 22) for _ in range(10**6)]"), told="memory"),
    attack("memory by maps", "private and shared maps, which limits count differently", in_call("""
        kept = []
        while True:
            for flags in (mmap.MAP_SHARED, mmap.MAP_PRIVATE):
                page = mmap.mmap(-1, 1 << 25, flags)
                page.write(b"x" * (1 << 25))
                kept.append(page)
        """), told="emory"),
    attack("threads", "thousands that sleep", """
        threading.stack_size(32768)
        done, started = threading.Event(), 0
        try:
            while started < 20_000:
                threading.Thread(target=done.wait, daemon=True).start()
                started += 1
        except (RuntimeError, MemoryError): pass
        print("LOOT: threads" if started > 15_000 else "few threads")
        """, told="few threads"),
    attack("a fork bomb", "processes that make processes", "for _ in range(5000): attempt('fork', os.fork)",
           told="refused"),
    attack("descriptors", "all that there are", """
        kept = []
        try:
            while True: kept.extend(os.pipe())
        except OSError: print(len(kept), "descriptors")
        """, told="descriptors"),
    attack("output", "ten megabytes and more on both streams",
           "for _ in range(200): os.write(1, b'x' * 65536); os.write(2, b'y' * 65536)", told="xxx"),
    attack("output from threads and the kernel", "faster than anybody reads", in_call("""
        def pour():
            while True: os.write(1, b"x" * 65536)
        for _ in range(8): threading.Thread(target=pour, daemon=True).start()
        zeros = os.open("/dev/zero", os.O_RDONLY)
        threading.Thread(target=lambda: os.sendfile(1, zeros, None, 1 << 40), daemon=True).start()
        return mu
        """)),
    attack("a loop", "for ever", in_call("while True: pass"), slow=True, told="never ends"),
    attack("a number", "a computation in C that looks at no signal", in_call("return 10 ** (10 ** 9)"), slow=True,
           told="in time"),
    attack("sleep", "and no ear for signals", in_call("""
        for number in range(1, 64):
            try: signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError): pass
        signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))
        while True: time.sleep(100)
        """), slow=True, told="in time"),
    attack("standing still", "a process that stops itself", in_call("os.kill(os.getpid(), signal.SIGSTOP)"), slow=True,
           told="in time"),
    attack("half a reply", "the rest never comes", in_call("""
        os.write(3, struct.pack("<4sIQ", b"RPM1", 64, 1 << 20) + b"x" * 30)
        time.sleep(100)
        """), slow=True, told="in time"),
    attack("a huge reply", "each byte of which the judge would copy as a float64 several times",
           in_call("return torch.ones(200 << 20, dtype=torch.uint8)"), told="too large"),
    attack("a huge frame", "the same without our own encoder's limit", in_call("""
        os.write(3, struct.pack("<4sIQ", b"RPM1", 64, 200 << 20))
        time.sleep(100)
        """), told="no answer"),
    attack("a deep reply", "lists in lists", in_call("""
        deep = mu
        for _ in range(5000): deep = [deep]
        return deep
        """), told="cannot travel"),
    attack("a bushy reply", "lists of two to the twentieth", in_call("""
        def bush(depth): return 1.0 if depth == 0 else [bush(depth - 1), bush(depth - 1)]
        return bush(18)
        """)),
    attack("keys that collide", "numbers that all have one hash", in_call("""
        class Keys(set):
            def __iter__(self): return iter([((1 << 61) - 1) * (k + 8) for k in range(60_000)])
            def __len__(self): return 60_000
        return Keys()
        """)),
    attack("a million handles", "objects that the judge has to name", in_call("""
        return [object() for _ in range(10**6)]
        """)),
    attack("a hundred thousand names", "a module of nothing else",
           "for i in range(100_000): globals()[f'name_{i}'] = object()"),
    attack("a module of many parameters", "each is mirrored", """
        class MaskedConv2d(nn.Module):
            def __init__(self, *a, **k):
                super().__init__()
                self.all = nn.ParameterList([nn.Parameter(torch.zeros(1)) for _ in range(25_000)])
        """, exercise="exercise3", checks=("test_layer_reads",)),
    attack("a text of ten megabytes", "in an exception", in_call("raise ValueError('x' * 10_000_000)"), told="xxx"),
    attack("recursion", "in Python, in repr and in C", in_call("""
        sys.setrecursionlimit(10**9)
        def down(x): return down([x])
        return down(mu)
        """)),
    attack("garbage", "cycles that the collector walks for ever", in_call("""
        gc.disable()
        class Knot:
            def __del__(self): Knot().me = self
        for _ in range(100_000):
            knot = Knot(); knot.me = knot
        gc.enable()
        return mu
        """), slow=True),
    attack("a deep graph", "a backward pass that would overflow the stack", """
        def reparameterize(mu, sigma, epsilon):
            out = mu * 0
            for _ in range(20_000): out = out + mu
            return out
        """, checks=("test_formula_gradients",), own_base="""
def reparameterize(mu, sigma, epsilon): return mu
"""),
    attack("a source that patterns choke on", "a million empty lines after backward(",
           "def nothing():\n    loss.backward(x\n" + "\n" * 200_000 + "    )\n" + in_call("return mu * 2")),
    attack("the wire shut", "no answer at all", in_call("os.close(3)\nreturn mu"), told="ended"),
    attack("all streams shut", "no output, no input", "for n in (0, 1, 2): os.close(n)"),
)  # fmt: skip
