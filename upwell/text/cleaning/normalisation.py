"""One form for what can be written in several: compatibility characters, widths, scripts, invisible characters.

Every text is NFC when it is read. Here, besides: characters that show nothing and mean nothing are taken out (zero width
space, word joiner, soft hyphen; the joiners that Persian, Indic scripts and emoji need stay); spaces of other widths
become the space; and, where asked for, NFKC, full-width letters and digits as half-width ones, and traditional Chinese
as simplified or the other way round (OpenCC).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from upwell.text.cleaning.documents import Document
from upwell.text.cleaning.packages import needed

_INVISIBLE = re.compile("[\u00ad\u200b\u2060]")
_BLANK = "".join(c for c in map(chr, range(0x3001)) if c.isspace() and c != "\n")
_AT_LINE_ENDS = tuple(f"{blank}\n" for blank in _BLANK)
"""What `_BLANKS` finds, but at the end of a text: looked for first, since that is many times as quick as the pattern."""
_SPACE = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f]")
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if chr(code - 0xFEE0).isalnum()}
_BLANKS = re.compile(
    r"(?<![^\S\n])[^\S\n]+$|\n{4,}", re.MULTILINE
)  # from where a run begins alone, or time is quadratic


class Normalisation:
    """Brings texts into one form."""

    name = "normalise"

    def __init__(self, *, form: str = "nfc", width: str = "keep", script: str = "keep") -> None:
        self._form = form
        self._width = width
        self._convert = None
        if script != "keep":
            self._convert = needed("opencc", self.name).OpenCC("t2s" if script == "simplified" else "s2t").convert

    def apply(self, documents: Sequence[Document], counts: Counter[str]) -> list[Document | str]:
        """Each document in the chosen form; one of nothing but invisible characters goes."""
        found: list[Document | str] = []
        for document in documents:
            text = self.normalised(document.text)
            if text == document.text:
                found.append(document)
            else:
                found.append(document.replaced(text) if text else "nothing visible")
        return found

    def normalised(self, text: str) -> str:
        """`text` in the chosen form."""
        if not text.isascii():
            text = _SPACE.sub(" ", _INVISIBLE.sub("", text))
            if self._form == "nfkc":
                text = unicodedata.normalize("NFKC", text)
            if self._width == "half":
                text = text.translate(_FULL_WIDTH)
            if self._convert is not None:
                text = self._convert(text)
            if not unicodedata.is_normalized("NFC", text):  # what was between two characters may have kept them apart
                text = unicodedata.normalize("NFC", text)
        if "\n\n\n\n" in text or text[-1:] in _BLANK or any(blank in text for blank in _AT_LINE_ENDS):
            text = _BLANKS.sub(lambda match: "\n\n\n" if match.group()[0] == "\n" else "", text)
        return text.rstrip("\n")
