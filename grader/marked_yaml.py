"""YAML as text, lists and fields that know their line, so that a message can point at what is wrong.

Built from the parser's events: no tag makes an object, no alias can grow, and no nesting can exhaust the stack.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import yaml

from grader.errors import UnusableInput
from grader.text import did_you_mean, one_line

SIZE_LIMIT = 1024 * 1024
DEPTH_LIMIT = 12

# The C parser is 30 times faster; it is missing where libyaml was not there when PyYAML was built.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Node:
    """One value of a file and where it stands.

    Args:
        file: the file's name, for messages.
        line: its line, from 1.
        field: how it is reached, ``exercises[2].minutes``.
        value: a text, a list of nodes, or a dict from text to node.
        tag: YAML's own name of a scalar's type (``int``, ``str``, ``null``, …); ``seq`` or ``map``.
    """

    file: str
    line: int
    field: str
    value: str | Sequence[Node] | Mapping[str, Node]
    tag: str

    def fail(self, problem: str) -> NoReturn:
        """Raise UnusableInput that names file, line and field."""
        field = f"{self.field}: " if self.field else ""
        raise UnusableInput(f"{self.file}, line {self.line}: {field}{problem}")

    def text(self) -> str:
        """A text that is not empty."""
        if not isinstance(self.value, str) or self.tag == "null":
            self.fail("should be a text")
        if self.tag != "str":
            self.fail(f'should be a text; put it in quotes: "{one_line(self.value, 40)}"')
        return self.value.strip() or self.fail("is empty")

    def whole_number(self, low: int, high: int) -> int:
        """A whole number, low ≤ n ≤ high."""
        digits = self.value if isinstance(self.value, str) and self.tag == "int" else ""
        if not (digits.isdecimal() and len(digits) <= 9 and low <= int(digits) <= high):
            self.fail(f"should be a whole number from {low} to {high}")
        return int(digits)

    def items(self) -> Sequence[Node]:
        """The nodes of a list."""
        if not isinstance(self.value, Sequence) or isinstance(self.value, str):
            self.fail("should be a list")
        return self.value

    def texts(self) -> tuple[str, ...]:
        """A list of texts."""
        return tuple(item.text() for item in self.items())

    def mapping(self) -> Mapping[str, Node]:
        """Fields with names of the author's choice."""
        if not isinstance(self.value, Mapping):
            self.fail("should be fields, one a line: `name: value`")
        return self.value

    def fields(self, required: Sequence[str], optional: Sequence[str] = ()) -> Mapping[str, Node]:
        """Fields with known names: all of ``required``, some of ``optional``, no others."""
        found = self.mapping()
        known = [*required, *optional]
        for name, node in found.items():
            if name not in known:
                node.fail(f"there is no such field.{did_you_mean(name, known) or ' Fields: ' + ', '.join(known) + '.'}")
        for name in required:
            if name not in found:
                self.fail(f"the field `{name}` is missing")
        return found


def read(path: Path) -> Node:
    """Read one YAML document.

    Raises:
        UnusableInput: it is missing, too large, not UTF-8, not YAML, or uses aliases, tags or deep nesting.
    """
    shown = one_line(str(path))
    try:
        with path.open("rb") as file:
            content = file.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise UnusableInput(f"{shown} cannot be read: {error.strerror}.") from None
    if len(content) > SIZE_LIMIT:
        raise UnusableInput(f"{shown} is larger than 1 MiB.")
    try:
        return _Builder(shown, content.decode("utf-8-sig")).document()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnusableInput(f"{shown}, line {line}: this is not UTF-8 text.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or error
        raise UnusableInput(f"{shown}{place}: this is not YAML: {one_line(str(problem))}.") from None


class _Builder:
    def __init__(self, file: str, text: str) -> None:
        self._file = file
        self._loader = _LOADER(text)
        self._depth = 0

    def document(self) -> Node:
        events = self._events()
        first = next(events, None)
        if first is None:
            raise UnusableInput(f"{self._file} is empty.")
        node = self._node(first, events, "")
        if next(events, None) is not None:
            raise UnusableInput(f"{self._file}: more than one YAML document; keep one.")
        return node

    def _events(self) -> Iterator[Any]:
        frame = (yaml.StreamStartEvent, yaml.StreamEndEvent, yaml.DocumentStartEvent, yaml.DocumentEndEvent)
        while self._loader.check_event():
            event = self._loader.get_event()
            if not isinstance(event, frame):
                yield event

    def _node(self, event: Any, events: Iterator[Any], field: str) -> Node:
        line = event.start_mark.line + 1
        place = Node(self._file, line, field, "", "str")
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            place.fail("anchors and aliases (& and *) are not allowed here; write the value out")
        if event.tag not in (None, "!"):
            place.fail("tags (with !) are not allowed here")
        if isinstance(event, yaml.ScalarEvent):
            tag = self._loader.resolve(yaml.ScalarNode, event.value, event.implicit)
            return Node(self._file, line, field, event.value, tag.rpartition(":")[2])
        self._depth += 1
        if self._depth > DEPTH_LIMIT:
            place.fail("is nested too deeply")
        inside = self._list if isinstance(event, yaml.SequenceStartEvent) else self._dict
        node = inside(line, field, events)
        self._depth -= 1
        return node

    def _list(self, line: int, field: str, events: Iterator[Any]) -> Node:
        items: list[Node] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(self._node(event, events, f"{field}[{len(items) + 1}]"))
        return Node(self._file, line, field, items, "seq")

    def _dict(self, line: int, field: str, events: Iterator[Any]) -> Node:
        found: dict[str, Node] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key = self._node(event, events, field)
            name = one_line(key.text(), 60)
            below = f"{field}.{name}" if field else name
            if name in found:
                key.fail(f"the field `{name}` stands here twice")
            value = self._node(next(events), events, below)
            # A message about a field points at the line of its name.
            found[name] = Node(self._file, key.line, below, value.value, value.tag)
        return Node(self._file, line, field, found, "map")
