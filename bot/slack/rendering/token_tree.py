"""Tokens of Markdown as a tree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markdown_it.token import Token


@dataclass(frozen=True, slots=True)
class TokenNode:
    """A token, or an opening and a closing token with all tokens between them."""

    type: str
    """The token's type, without `_open`."""
    content: str
    attrs: Mapping[str, str | int | float]
    children: list["TokenNode"]


def build_tree(tokens: Sequence[Token]) -> list[TokenNode]:
    """Return the outermost nodes. The parser closes every token that it opens."""
    outermost: list[TokenNode] = []
    open_nodes = [outermost]
    for token in tokens:
        if token.nesting < 0:
            open_nodes.pop()
            continue
        children = build_tree(token.children) if token.children else []
        node = TokenNode(token.type.removesuffix("_open"), token.content, token.attrs, children)
        open_nodes[-1].append(node)
        if token.nesting:
            open_nodes.append(children)
    return outermost
