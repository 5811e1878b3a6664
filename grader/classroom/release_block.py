"""Our lines in a file that is also somebody else's: between two marks, so that what stands around them stays."""

from __future__ import annotations

from dataclasses import dataclass

from grader.errors import UnusableInput
from grader.text import one_line


@dataclass(frozen=True)
class Marks:
    """The lines around ours.

    Args:
        begin: how the first begins; whatever follows on it may change.
        end: the last.
        note: what follows on the first.
    """

    begin: str
    end: str
    note: str

    def around(self, lines: str) -> str:
        """Our lines between the marks, as text with an end of line."""
        return f"{self.begin}{self.note}\n{lines.strip()}\n{self.end}\n"


@dataclass(frozen=True)
class Split:
    """A file around our lines.

    Args:
        above: what stands above them.
        inside: our lines, without the marks; None where there are none.
        below: what stands below them.
    """

    above: str
    inside: str | None
    below: str

    def filled(self, marks: Marks, lines: str) -> str:
        """The file with other lines of ours; where there were none, they come last."""
        above = self.above
        if self.inside is None and above.strip():
            above = f"{above.rstrip()}\n\n"
        return f"{above}{marks.around(lines)}{self.below}"


def split(text: str, marks: Marks, name: str) -> Split:
    """A file taken apart at our marks.

    Args:
        text: what is in it.
        marks: which.
        name: of the file, for messages.

    Raises:
        UnusableInput: a mark stands there without its partner, or twice.
    """
    lines = text.splitlines(keepends=True)
    begins = [number for number, line in enumerate(lines) if line.startswith(marks.begin)]
    ends = [number for number, line in enumerate(lines) if line.startswith(marks.end)]
    if not begins and not ends:
        return Split(text, None, "")
    if len(begins) != 1 or len(ends) != 1 or begins[0] > ends[0]:
        number = (begins[1:] or ends[1:] or begins or ends)[0] + 1
        raise UnusableInput(
            f'{one_line(name)}, line {number}: the lines between "{marks.begin}" and "{marks.end}" are ours, and '
            "each mark belongs there once, in this order. Delete what is left of them, and run the command again."
        )
    (begin,), (end,) = begins, ends
    return Split("".join(lines[:begin]), "".join(lines[begin + 1 : end]), "".join(lines[end + 1 :]))
