"""Search for an input that a reader cannot take: `python tests/fuzz/fuzz.py READER [libFuzzer's options] CORPUS`.

With `-runs=N -seed=S` it ends by itself. What is new in the code that an input reaches is added to the corpus; what
breaks a reader is left in a file `crash-…`, which belongs into `corpus/READER/` once the reader is mended.
"""

from __future__ import annotations

import random
import sys

import atheris
import mutate

TREES = {"wire": mutate.wire_mutator} | dict.fromkeys(
    ("notebook", "handed", "kernel", "lines", "ledger", "kept"), mutate.json_mutator
)
"""What mutates the inputs of a reader that are trees; other inputs are mutated byte by byte."""

with atheris.instrument_imports(
    include=["grader", "flashcards"], exclude=["grader.checks"], enable_loader_override=False
):
    from readers import READERS

    if sys.argv[1:2] == ["wire"]:
        import wires  # noqa: F401  as above: the readers import it when it is too late


def main() -> None:
    """Run libFuzzer."""
    name = sys.argv[1]
    mutator = TREES.get(name)

    def custom(data: bytes, most: int, seed: int) -> bytes:
        chance = random.Random(seed)  # noqa: S311  choices that can be replayed, no secrets
        found = mutator(data, chance) if mutator is not None and chance.random() < 0.7 else None
        return found if found is not None and len(found) <= most else atheris.Mutate(data, most)

    atheris.Setup([sys.argv[0], *sys.argv[2:]], READERS[name], custom_mutator=custom if mutator is not None else None)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
