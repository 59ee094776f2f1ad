"""Markup: what a browser would show of an HTML text, by lexbor (selectolax).

A text is taken for HTML if it holds a tag of HTML or a character reference; `a < b` and `<unknown>` are text and stay.
Tags that end a line in a browser end one here; scripts and styles go.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Sequence

from upwell.text.cleaning.documents import Document
from upwell.text.cleaning.packages import needed

_NAMES = (
    "a abbr address article aside audio b blockquote body br button canvas caption center cite code col colgroup dd del "
    "details dfn div dl dt em fieldset figcaption figure font footer form frame h1 h2 h3 h4 h5 h6 head header hr html i "
    "iframe img input ins kbd label legend li link main map mark menu meta nav noscript object ol optgroup option p param "
    "picture pre q s samp script section select small source span strike strong style sub summary sup svg table tbody td "
    "textarea tfoot th thead time title tr tt u ul var video wbr"
)
_TAG = re.compile(rf"<(?:/?(?:{_NAMES.replace(' ', '|')})(?:\s[^<>]*)?/?>|!--|!doctype\b)", re.IGNORECASE)
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});", re.IGNORECASE)
_BREAK = re.compile(
    r"<(?:br|hr|/?(?:p|div|h[1-6]|li|ul|ol|dl|dt|dd|table|tr|section|article|header|footer|blockquote|pre|figure|form|main|nav"
    r"|aside|title))\b[^<>]*>",
    re.IGNORECASE,
)
_CELL = re.compile(r"</t[dh]\b[^<>]*>", re.IGNORECASE)
_SPACES = " \t\f\v"
_EMPTY_LINES = re.compile(r"\n{3,}")
_DROPPED = ["script", "style", "noscript", "template", "svg", "head"]
_LINE_MARK = "\ue000"  # private use: stands for a line break while the parser folds white space


class Markup:
    """Takes HTML tags, comments, scripts and character references out."""

    name = "markup"

    def __init__(self) -> None:
        self._parser = needed("selectolax.lexbor", "markup").LexborHTMLParser

    def apply(self, documents: Sequence[Document], counts: Counter[str]) -> list[Document | str]:
        """Each document as a reader would see it; one of nothing but markup goes."""
        found: list[Document | str] = []
        for document in documents:
            text = self.strip(document.text)
            if text is document.text:
                found.append(document)
            else:
                found.append(document.replaced(text) if text and not text.isspace() else "nothing but markup")
        return found

    def strip(self, text: str) -> str:
        """`text` without markup; the same object where it has none."""
        if "<" in text and _TAG.search(text):
            return self._strip_tags(text)
        if "&" in text and _REFERENCE.search(text):
            return html.unescape(text)
        return text

    def _strip_tags(self, text: str) -> str:
        marked = _CELL.sub(
            lambda match: " " + match.group(), _BREAK.sub(lambda match: _LINE_MARK + match.group(), text)
        )
        tree = self._parser(marked)
        tree.strip_tags(_DROPPED)
        shown = tree.body.text() if tree.body is not None else ""
        lines = "\n".join(line.strip(_SPACES) for line in shown.replace(_LINE_MARK, "\n").split("\n"))
        return _EMPTY_LINES.sub("\n\n", lines).strip()
