"""Unicode repair: mojibake, stray control characters and terminal codes, by ftfy.

ftfy (Speer 2019) tries a text in every wrong encoding that would explain it; most texts need nothing, so it is asked
only about those in which its own test for badness finds something, and that test looks only at characters outside ASCII
and their neighbours. The outcome is that of ftfy on the whole text (tests/text/test_cleaning.py).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from upwell.text.cleaning.documents import Document
from upwell.text.cleaning.packages import needed

_FOREIGN = "[^\x00-\x7f\u2e80-\ua4cf\uac00-\ud7af\uff00-\uffef\U00020000-\U0003ffff]"
_RUN = re.compile(f"{_FOREIGN}+(?:.{{0,6}}{_FOREIGN}+)*")
"""Characters outside ASCII and the scripts of East Asia: what ftfy's patterns look for is among them."""
_AROUND = 3  # characters on both sides of a run: the patterns reach two at most
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u206a-\u206f\ufeff\ufff9-\ufffc]")


class Repair:
    """Mends mojibake and takes control characters out; quotes, ligatures and widths stay as they are."""

    name = "repair"

    def __init__(self) -> None:
        self._ftfy = needed("ftfy", "repair")
        self._is_bad = needed("ftfy.badness", "repair").is_bad
        self._config = self._ftfy.TextFixerConfig(
            unescape_html=False,
            fix_latin_ligatures=False,
            fix_character_width=False,
            uncurl_quotes=False,
            explain=False,
        )

    def apply(self, documents: Sequence[Document], counts: Counter[str]) -> list[Document | str]:
        """Each document, repaired where it needs it."""
        return [
            document.replaced(self._ftfy.fix_text(document.text, self._config))
            if self.needs(document.text)
            else document
            for document in documents
        ]

    def needs(self, text: str) -> bool:
        """Whether ftfy would change `text`, or might."""
        if _CONTROLS.search(text):
            return True
        if text.isascii():
            return False
        runs = [text[max(0, run.start() - _AROUND) : run.end() + _AROUND] for run in _RUN.finditer(text)]
        return bool(runs) and bool(self._is_bad("\n".join(runs)))
