"""YAML as nodes that know their line.

Built from the parser's events: no tag makes an object, no alias can grow, and no nesting can exhaust the stack (the C
composer crashes on a hundred thousand brackets). Every scalar stays the text that it is, so `back: No` and `back: 2014`
mean what they say.
"""

from __future__ import annotations

from typing import Any

import yaml

from flashcards.nodes import Node, NotOurYaml

DEPTH_LIMIT = 8

# The C parser is 10 times faster; it is missing where libyaml was not there when PyYAML was built.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def build(text: str) -> Node:
    """The one document that a text holds.

    Raises:
        NotOurYaml: it is no YAML, or uses aliases, tags, deep nesting or several documents.
    """
    try:
        return _Builder(text).document()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
        hint = ' A text with ": " or " #" in it needs quotes.' if "mapping values" in problem else ""
        raise NotOurYaml(mark.line + 1 if mark is not None else 0, f"this is not YAML: {problem}.{hint}") from None


class _Builder:
    def __init__(self, text: str) -> None:
        self._next = _LOADER(text).get_event
        self._depth = 0

    def document(self) -> Node:
        self._next()  # the stream's start
        if type(self._next()) is yaml.StreamEndEvent:
            raise NotOurYaml(0, "is empty.")
        node = self._node(self._next())
        self._next()  # the document's end
        if type(self._next()) is not yaml.StreamEndEvent:
            raise NotOurYaml(0, "holds more than one YAML document; keep one.")
        return node

    def _node(self, event: Any) -> Node:
        kind = type(event)
        line = event.start_mark.line + 1
        if kind is yaml.AliasEvent or event.anchor is not None:
            raise NotOurYaml(line, "anchors and aliases (& and *) are not allowed here; write the value out.")
        if event.tag not in (None, "!"):
            raise NotOurYaml(line, "tags (with !) are not allowed here; put the text in quotes.")
        if kind is yaml.ScalarEvent:
            return Node(line, event.value.strip())
        self._depth += 1
        if self._depth > DEPTH_LIMIT:
            raise NotOurYaml(line, "is nested too deeply.")
        node = Node(line, self._list() if kind is yaml.SequenceStartEvent else self._dict())
        self._depth -= 1
        return node

    def _list(self) -> list[Node]:
        items: list[Node] = []
        while type(event := self._next()) is not yaml.SequenceEndEvent:
            items.append(self._node(event))
        return items

    def _dict(self) -> dict[str, Node]:
        found: dict[str, Node] = {}
        while type(event := self._next()) is not yaml.MappingEndEvent:
            key = self._node(event)
            if not isinstance(key.value, str) or not key.value.isprintable():
                raise NotOurYaml(key.line, "the name of a field should be a text. Does a text need quotes?")
            if key.value in found:
                raise NotOurYaml(key.line, f"the field `{key.value}` stands here twice.")
            value = self._node(self._next())
            # A message about a field points at the line of its name.
            found[key.value] = Node(key.line, value.value)
        return found
