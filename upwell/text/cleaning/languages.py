"""Which language a text is in, by py3langid (the languages of ISO 639-1, offline; Lui and Baldwin 2012)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from upwell.errors import UserError
from upwell.text.cleaning.documents import Document
from upwell.text.cleaning.packages import needed
from upwell.text.words import HAN

UNKNOWN = "und"
"""ISO 639-2 for a language that cannot be said: a text with hardly a letter."""

_SAMPLE = 300  # UTF-8 bytes looked at, from the first letter on: more costs time and hardly changes the answer
_LEAST = 12  # letters; Chinese characters count three
_LETTERS = re.compile(r"[^\W\d_]+")
_HAN_OR_KANA = re.compile(f"[{HAN}\u3040-\u30ff]")


class Languages:
    """Names the language of every document, and keeps those in `keep` where any are named."""

    name = "language"

    def __init__(self, keep: Sequence[str] = ()) -> None:
        module = needed("py3langid.langid", self.name)
        self._identifier = module.LanguageIdentifier.from_model_file(module.MODEL_FILE)
        # Of the small languages that ISO 639-1 has no code for, most finds are short texts in a large one.
        known = {language for language in self._identifier.labels if len(language) == 2}
        self._identifier.set_languages(sorted(known))
        self._identifier.nb_ptc = np.ascontiguousarray(self._identifier.nb_ptc)  # three times as fast by rows
        unknown = [language for language in keep if language not in known | {UNKNOWN}]
        if unknown:
            raise UserError(f"unknown language {unknown[0]!r}: known are {' '.join(sorted(known))} and {UNKNOWN}")
        self._keep = frozenset(keep)

    def apply(self, documents: Sequence[Document], counts: Counter[str]) -> list[Document | str]:
        """Each document with its language; those in other languages go."""
        found: list[Document | str] = []
        for document in documents:
            document.language = self.identify(document.text)
            counts[document.language] += 1
            kept = not self._keep or document.language in self._keep
            found.append(document if kept else f"in {document.language}")
        return found

    def identify(self, text: str) -> str:
        """The code of the language `text` is in, judged by its beginning."""
        first = _LETTERS.search(text)
        if first is None:
            return UNKNOWN
        beginning = text[first.start() : first.start() + _SAMPLE].encode("utf-8", "ignore")
        sample = beginning[:_SAMPLE].decode("utf-8", "ignore")
        letters = sum(map(len, _LETTERS.findall(sample))) + 2 * len(_HAN_OR_KANA.findall(sample))
        return str(self._identifier.classify(sample)[0]) if letters >= _LEAST else UNKNOWN
