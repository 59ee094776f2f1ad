"""Which language a text is in, by the model of py3langid (the languages of ISO 639-1, offline; Lui and Baldwin 2012).

The model walks an automaton over the bytes of a text, counts the states that stand for a feature (one to four bytes in a row
that tell languages apart), and weighs them by a naive Bayes table. The package does that text by text in Python; here many
texts take each step of the walk together. What comes out is the package's answer (tests/text/test_cleaning.py), but for texts
without any feature, for which the package names the first language of its list.
"""

from __future__ import annotations

import re
import unicodedata
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
_TOGETHER = 2048  # texts
_LEAST = 12  # letters; Chinese characters count three
_LETTERS = re.compile(r"[^\W\d_]+")
_HAN_OR_KANA = re.compile(f"[{HAN}\u3040-\u30ff]")


class Languages:
    """Names the language of every document, and keeps those in `keep` where any are named."""

    name = "language"

    def __init__(self, keep: Sequence[str] = ()) -> None:
        module = needed("py3langid.langid", self.name)
        identifier = module.LanguageIdentifier.from_model_file(module.MODEL_FILE)
        # Of the small languages that ISO 639-1 has no code for, most finds are short texts in a large one.
        known = {language for language in identifier.labels if len(language) == 2}
        identifier.set_languages(sorted(known))
        self._classes: list[str] = identifier.nb_classes
        self._table = np.ascontiguousarray(identifier.nb_ptc, np.float32)  # (features, classes)
        self._prior = np.asarray(identifier.nb_pc, np.float32)
        self._next = np.asarray(identifier.tk_nextmove)
        self._rows = np.asarray(identifier.tk_row, np.int64) << 8  # where a state's row of `_next` begins
        self._features = np.asarray(identifier.tk_output, np.int32)
        unknown = [language for language in keep if language not in known | {UNKNOWN}]
        if unknown:
            raise UserError(f"unknown language {unknown[0]!r}: known are {' '.join(sorted(known))} and {UNKNOWN}")
        self._keep = frozenset(keep)

    def apply(self, documents: Sequence[Document], counts: Counter[str]) -> list[Document | str]:
        """Each document with its language; those in other languages go."""
        found: list[Document | str] = []
        for document, language in zip(documents, self.identify([each.text for each in documents]), strict=True):
            document.language = language
            counts[document.language] += 1
            kept = not self._keep or document.language in self._keep
            found.append(document if kept else f"in {document.language}")
        return found

    def identify(self, texts: Sequence[str]) -> list[str]:
        """The codes of the languages that `texts` are in, judged by their beginnings."""
        found = [UNKNOWN] * len(texts)
        samples = [_sample(text) for text in texts]
        told = sorted((i for i, sample in enumerate(samples) if sample), key=lambda i: -len(samples[i]))
        for start in range(0, len(told), _TOGETHER):
            part = told[start : start + _TOGETHER]
            for i, language in zip(part, self._classify([samples[i] for i in part]), strict=True):
                found[i] = language
        return found

    def _classify(self, samples: Sequence[bytes]) -> list[str]:
        """The language of each sample, the longest first; UNKNOWN where the model knows none of its bytes."""
        from scipy.sparse import coo_array

        lengths = np.array([len(sample) for sample in samples])
        width = int(lengths[0])
        letters = np.frombuffer(b"".join(sample.ljust(width) for sample in samples), np.uint8).reshape(-1, width)
        state = np.zeros(len(samples), np.int64)
        seen = np.full((width, len(samples)), -1, np.int32)
        for place in range(width):
            number = int(np.searchsorted(-lengths, -place))  # of samples that go on here
            state[:number] = self._next[self._rows[state[:number]] + letters[:number, place]]
            seen[place, :number] = self._features[state[:number]]
        places, of = np.nonzero(seen >= 0)
        ones = np.ones(len(of), np.float32)
        counts = coo_array((ones, (of, seen[places, of])), shape=(len(samples), len(self._table))).tocsr()
        counts.sum_duplicates()
        known = np.diff(counts.indptr) > 0
        np.log1p(counts.data, out=counts.data)
        best = (counts @ self._table + self._prior).argmax(axis=1)
        return [self._classes[i] if is_known else UNKNOWN for i, is_known in zip(best, known, strict=True)]


def _sample(text: str) -> bytes:
    """The beginning of a text from its first letter on, as the model wants it; nothing where there is too little."""
    first = _LETTERS.search(text)
    if first is None:
        return b""
    beginning = text[first.start() : first.start() + _SAMPLE].encode("utf-8", "ignore")
    sample = beginning[:_SAMPLE].decode("utf-8", "ignore")
    if not (_is_enough(sample[: 4 * _LEAST]) or _is_enough(sample)):
        return b""
    return unicodedata.normalize("NFC", sample.lower() if sample.isupper() else sample).encode("utf-8")


def _is_enough(sample: str) -> bool:
    return sum(map(len, _LETTERS.findall(sample))) + 2 * len(_HAN_OR_KANA.findall(sample)) >= _LEAST
