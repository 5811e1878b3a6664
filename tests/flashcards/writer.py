"""A process that answers cards and says of each answer that it was saved; tests kill it in the midst of that.

    python writer.py DATABASE PREFIX COUNT CARDS

With few cards, two writers meet at the same card now and then; who comes second looks again, as a terminal does.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from flashcards import clock
from flashcards.schedule import Rating
from flashcards.store import Conflict, Store


def main() -> None:
    path, prefix, count, cards = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    conflicts = 0
    with Store.open(path) as store:
        for number in range(count):
            card = f"card{number % cards}"
            while True:
                seen = store.state(card)
                try:
                    store.review(
                        card,
                        Rating(number % 4 + 1),
                        *clock.now(),
                        answer=f"{prefix}{number}",
                        expected_uid=seen.last_uid,
                    )
                    break
                except Conflict:
                    conflicts += 1
            os.write(1, f"{prefix}{number}\n".encode())
            if number % 7 == 3:
                undone = store.undo()
                assert undone is not None
                os.write(1, f"undone {undone.answer}\n".encode())
    os.write(1, f"conflicts {conflicts}\n".encode())


if __name__ == "__main__":
    main()
