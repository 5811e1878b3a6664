"""Attacks on whoever reads the verdict: terminals, pages, and code that runs when something is shown."""

from __future__ import annotations

from functools import partial

from catalogue import Attack, in_call

attack = partial(Attack, "poisoning")

ESCAPES = r"\x1b[2J\x1b[31m\x1b]0;owned\x07\x1b]8;;http://evil\x07\x1bP1$r\x1b\\\x9b2J\r\x08\x00\x7f"
HIDDEN = r"\u202egnihton\u2066\u200b\u200d\ufeff\u061c\U000e0041\u2028\u2029\u0085"
PAGE = r"</script><script>alert(1)</script><img src=x onerror=alert(2)>&lt;{{7*7}}{%x%}[red]x[/red]`</code>`javascript:"

ATTACKS = (
    attack("escapes in an exception", "a terminal that is cleared, titled and linked",
           in_call(f'raise ValueError("{ESCAPES}poison")'), told="poison"),
    attack("escapes printed", "the same in what is printed", f'print("{ESCAPES}poison")', told="poison"),
    attack("letters that hide", "text that reads backwards, or not at all",
           in_call(f'raise ValueError("{HIDDEN}poison")'), told="poison"),
    attack("a page in a page", "markup, scripts and templates in an exception and in print",
           f"print('{PAGE}')\n" + in_call(f"raise ValueError('{PAGE}')"), told="alert"),
    attack("hostile answers", "texts in the place of numbers", f"z = '{PAGE}{ESCAPES}{HIDDEN}'\n"),
    attack("hostile keys", "texts in a dictionary", f"s1 = s2 = s3 = s4 = {{'{PAGE}{ESCAPES}': '{HIDDEN}'}}",
           exercise="exercise6"),
    attack("a hostile class", "an exception whose name is a page", in_call(f"""
        raise type('{PAGE}', (ValueError,), {{'__module__': '{PAGE}', '__qualname__': '{PAGE}'}})("x")
        """)),
    attack("a class with an escape for a name", "a handle and an exception", in_call(f"""
        kind = type("{ESCAPES}", (ValueError,), {{}})
        return kind("x") if mu[0] > 0 else object.__new__(type("{HIDDEN}", (), {{}}))
        """)),
    attack("repr that raises", "and str, and their exceptions' too", in_call("""
        class Mute(Exception):
            def __repr__(self): raise self
            __str__ = __format__ = __repr__
        return Mute() if mu[0] > 0 else [Mute()]
        """)),
    attack("str that raises", "in an exception", in_call("""
        class Mute(Exception):
            def __str__(self): raise KeyboardInterrupt
        raise Mute()
        """), told="cannot be shown"),
    attack("repr without end", "ten megabytes of it", in_call("""
        class Long:
            def __repr__(self): return "x" * 10_000_000
        return Long()
        """)),
    attack("repr that forges", "a handle that claims to be numbers", in_call("""
        class Number:
            def __repr__(self): return "tensor(1.0)"
        Number.__name__ = Number.__qualname__ = "Tensor"
        return Number()
        """)),
    attack("eq and hash that raise", "whoever compares is hit", """
        class Sore:
            def __eq__(self, other): raise RuntimeError("poison")
            __ne__ = __lt__ = __bool__ = __len__ = __iter__ = __float__ = __index__ = __eq__
            __hash__ = lambda self: 1 // 0
        z = [Sore(), Sore(), Sore()]
        """ ),
    attack("metaclasses", "isinstance, mro and attributes that strike back", in_call("""
        class Meta(type):
            def __instancecheck__(cls, thing): raise SystemExit
            def __getattribute__(cls, name):
                if name == "__name__": os._exit(0)
                return type.__getattribute__(cls, name)
            def mro(cls): return [cls, ValueError, *ValueError.__mro__[1:]]
        class Error(ValueError, metaclass=Meta): pass
        raise Error("x")
        """)),
    attack("warnings", "thousands, with formats of their own", """
        import warnings
        warnings.formatwarning = lambda *a: 1 / 0
        warnings.simplefilter("always")
        for i in range(20_000): warnings.warn(f"poison {i}")
        """),
    attack("forged frames", "line numbers and names that are none", in_call("""
        reply({"error": {"type": "ValueError", "text": "poison", "builtin": ["ValueError"],
                         "frames": [[10**18, "f"], [-1, "\\x1b[2J"], [0, "</script>"], [2**63 - 1, "x" * 9999]]}})
        return mu
        """)),
    attack("a traceback without end", "thousands of causes and contexts", in_call("""
        error = ValueError("poison")
        for _ in range(3000):
            wrapped = ValueError("poison"); wrapped.__cause__ = wrapped.__context__ = error; error = wrapped
        raise ExceptionGroup("poison", [error] * 100)
        """), told="poison"),
    attack("code that never was", "a file name, lines and columns made up", in_call("""
        exec(compile("\\n" * 999 + "1/0", "work.py\\x1b[2J", "exec"))
        """), told="division"),
    attack("bytes that are no text", "broken UTF-8, surrogates, zero bytes", """
        os.write(1, bytes(range(256)) * 4 + b"\\xed\\xa0\\x80\\xff\\xfe" + "poison".encode())
        z = "\\ud800\\udfff"
        """),
    attack("a signature that strikes", "inspect runs code of the learner's", """
        class Called:
            @property
            def __signature__(self): raise SystemExit("poison")
            def __call__(self, *a): return a[0]
        reparameterize = Called()
        """),
    attack("a name that strikes", "__getattr__ of the module, __set_name__ of a class", """
        def __getattr__(name): raise KeyboardInterrupt(name)
        def __dir__(): os._exit(0)
        del reparameterize
        """),
    attack("progress bars", "carriage returns by the thousand", in_call("""
        for i in range(5000): sys.stdout.write(f"\\r{i}%\\x1b[K\\x1b[1A")
        return mu
        """)),
)  # fmt: skip
