"""Words, sentences, stems, lemmas and parts of speech of a text, as columns beside it.

| column | what it holds | by |
|---|---|---|
| words | what Unicode's word boundaries (UAX #29) set off and a letter or digit is in; Chinese by a dictionary | regex; rjieba, the port of jieba |
| sentences | sentences, without the blanks around them; the end of a line ends one | sentencex |
| stems | of each word in lower case, by Snowball's rules for its language | snowballstemmer |
| lemmas | the form of each word under which a dictionary has it | simplemma |
| tags | the part of speech of each word, in Chinese, in jieba's tags (n, v, r and so on) | rjieba |

A text in a language without stemmer, dictionary or tags has no such column. Thai and others that are written without spaces
come in pieces of a character or two, as UAX #29 says of them.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from upwell.text.cleaning.languages import UNKNOWN
from upwell.text.cleaning.options import COLUMNS, OF_WORDS
from upwell.text.cleaning.packages import needed
from upwell.text.words import HAN

_STEMMERS = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english", "eo": "esperanto", "es": "spanish",
    "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian",
    "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian", "nb": "norwegian", "ne": "nepali",
    "nl": "dutch", "nn": "norwegian", "no": "norwegian", "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian",
    "sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
_DICTIONARIES = {"no": "nb", "bs": "hbs", "hr": "hbs", "sr": "hbs"}
"""Where simplemma has another name for a language than ISO 639-1."""
_KANA = re.compile("[\u3040-\u30ff]")
_CACHED = 1 << 16  # forms of words


class Annotation:
    """Makes the asked-for columns of texts."""

    name = "annotate"

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = [
            column
            for column in COLUMNS
            if column in columns or (column == "words" and not set(columns).isdisjoint(OF_WORDS))
        ]
        regex = needed("regex", self.name)
        word = r"\b_*[\p{L}\p{N}](?:\B.)*"
        flags = regex.WORD | regex.DOTALL | regex.VERSION1
        self._words: Any = regex.compile(word, flags)
        self._chinese_words: Any = regex.compile(f"([{HAN}]+)|{word}", flags)
        self._chinese: Any = needed("rjieba", self.name)
        self._sentences: Any = needed("sentencex", self.name).segment if "sentences" in columns else None
        self._form_makers: dict[str, Callable[[str], Callable[[str], str] | None]] = {}
        if "stems" in columns:
            self._form_makers["stems"] = functools.partial(_stemmer, needed("snowballstemmer", self.name))
        if "lemmas" in columns:
            self._form_makers["lemmas"] = functools.partial(_lemmatizer, needed("simplemma", self.name))
        self._forms: dict[tuple[str, str], Callable[[str], str] | None] = {}

    def columns(self, text: str, language: str, counts: Counter[str]) -> dict[str, list[str]]:
        """The columns of one text; what there is of each is counted, as are texts that go without one."""
        found: dict[str, list[str]] = {}
        tagged: list[tuple[str, str]] | None = None
        if "words" in self._columns:
            if "tags" in self._columns and language == "zh":
                tagged = list(self._tagged(text))
                found["words"] = [word for word, _ in tagged]
            else:
                found["words"] = list(self._cut(text, language))
            counts["words"] += len(found["words"])
        if "sentences" in self._columns:
            sentences = (sentence.strip() for line in text.splitlines() for sentence in self._sentences(language, line))
            found["sentences"] = [sentence for sentence in sentences if sentence]
            counts["sentences"] += len(found["sentences"])
        for column in self._form_makers:
            form = self._form(column, language)
            if form is None:
                counts[f"without {column}"] += 1
            else:
                found[column] = [form(word) for word in found["words"]]
        if "tags" in self._columns:
            if tagged is None:
                counts["without tags"] += 1
            else:
                found["tags"] = [tag for _, tag in tagged]
        return {column: found[column] for column in COLUMNS if column in found}

    def _cut(self, text: str, language: str) -> Iterable[str]:
        is_chinese = language == "zh" or (language in ("", UNKNOWN) and not _KANA.search(text))
        if not is_chinese or text.isascii():
            words: list[str] = self._words.findall(text)
            return words
        runs = self._chinese_words.finditer(text)
        return (word for run in runs for word in (self._chinese.cut(run[1]) if run[1] else (run[0],)))

    def _tagged(self, text: str) -> Iterable[tuple[str, str]]:
        for run in self._chinese_words.finditer(text):
            pairs: list[tuple[str, str]] = self._chinese.tag(run[0])
            if run[1] or len(pairs) == 1:
                yield from pairs
            else:  # a word that jieba would take apart: with an apostrophe or point in it, or of another script
                yield run[0], pairs[0][1]

    def _form(self, column: str, language: str) -> Callable[[str], str] | None:
        key = column, language
        if key not in self._forms:
            form = self._form_makers[column](language)
            self._forms[key] = form and functools.lru_cache(_CACHED)(form)
        return self._forms[key]


def _stemmer(snowball: Any, language: str) -> Callable[[str], str] | None:
    algorithm = _STEMMERS.get(language)
    if algorithm is None or algorithm not in snowball.algorithms():
        return None
    stem: Callable[[str], str] = snowball.stemmer(algorithm).stemWord
    return lambda word: stem(word.lower())


def _lemmatizer(simplemma: Any, language: str) -> Callable[[str], str] | None:
    language = _DICTIONARIES.get(language, language)
    if language not in simplemma.strategies.dictionaries.dictionary_factory.SUPPORTED_LANGUAGES:
        return None
    return functools.partial(simplemma.lemmatize, lang=language)
