"""The values of a YAML file, each with its line; without YAML itself, which takes long to import."""

from __future__ import annotations


class Node:
    """One value of a file and the line on which it (or the name of its field) stands.

    Args:
        line: from 1.
        value: a text, a list of nodes, or a dict from text to node.
    """

    __slots__ = ("line", "value")

    def __init__(self, line: int, value: str | list[Node] | dict[str, Node]) -> None:
        self.line = line
        self.value = value


class NotOurYaml(Exception):  # noqa: N818  it says what the text is, not what failed
    """A text that is no YAML, or YAML that a deck must not use.

    Args:
        line: where, from 1; 0 for the text as a whole.
        message: what is wrong and what mends it.
    """

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
