"""An HTML page as tests read it: a tree without a browser, and every rule that any page of ours keeps."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "img", "br", "hr", "input", "link", "base", "col", "wbr"}
"""Elements without an end tag."""
EMPTY_IN_SVG = {"path", "rect", "circle"}
"""Elements that our pictures write as ``<path …/>``."""

TAGS = {
    *("html", "head", "meta", "title", "style", "body", "main", "footer", "article", "header", "section", "div"),
    *("h1", "h2", "h3", "p", "span", "strong", "a", "ul", "li", "dl", "dt", "dd", "blockquote", "code", "pre"),
    *("details", "summary", "table", "caption", "thead", "tbody", "tr", "th", "td", "time", "figure", "figcaption"),
    *("img", "svg", "desc", "g", "path", "rect", "circle", "text", "nav", "ol", "bdi"),
}
"""All that our templates write. A tag that is not among them came from somebody's text."""


@dataclass
class Node:
    """One element: its tag, its attributes, and what stands in it."""

    tag: str
    attributes: dict[str, str]
    children: list[Node | str] = field(default_factory=list)

    def every(self, *tags: str) -> list[Node]:
        """All elements of these tags inside, in their order; all there are when none is named."""
        found: list[Node] = []
        for child in self.children:
            if isinstance(child, Node):
                found += [child] if not tags or child.tag in tags else []
                found += child.every(*tags)
        return found

    def text(self) -> str:
        """What a reader reads in it."""
        parts = [child if isinstance(child, str) else child.text() for child in self.children]
        return "" if self.tag == "style" else "".join(parts)

    def classed(self, name: str) -> list[Node]:
        """All elements inside with this class."""
        return [node for node in self.every() if name in node.attributes.get("class", "").split()]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice: {names}"
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in EMPTY_IN_SVG, f"<{tag}/> is no end of <{tag}>"
        self.open[-1].children.append(Node(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> ends <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data[:60]}")


def read(html: str) -> Node:
    """The tree of a page or of a piece of one; every element must be closed in its turn."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == [reader.root], f"<{reader.open[-1].tag}> is never closed"
    return reader.root


def check_rules(html: str) -> Node:
    """Assert what holds for whatever the page is about, and give its tree."""
    tree = read(html)
    nodes = tree.every()
    assert {node.tag for node in nodes} <= TAGS
    for node in nodes:
        for name, value in node.attributes.items():
            assert not name.startswith("on"), f"{name} would run something"
            assert name not in ("srcset", "action", "formaction", "background", "poster", "ping", "target")
            assert name != "href" or value.startswith("#")
            assert name != "src" or value.startswith("data:image/png;base64,")
            assert name != "style" or all(word in "width: max-width:" or word[0].isdigit() for word in value.split())
    for style in tree.every("style"):
        (text,) = style.children
        assert isinstance(text, str)
        assert not any(word in text for word in ("url(", "@import", "src:", "</", "expression"))
    ids = [node.attributes["id"] for node in nodes if "id" in node.attributes]
    assert len(ids) == len(set(ids))
    assert {node.attributes["href"][1:] for node in tree.every("a")} <= set(ids)
    assert all(node.attributes["alt"].strip() for node in tree.every("img"))
    assert all(node.attributes["scope"] in ("row", "col") for node in tree.every("th"))
    for svg in tree.every("svg"):
        if svg.attributes.get("aria-hidden") != "true":
            assert svg.attributes["role"] == "img"
            assert [child.tag for child in svg.every()[:2]] == ["title", "desc"]
            assert all(child.text().strip() for child in svg.every("desc"))
    return tree
