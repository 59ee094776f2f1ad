"""Counting words, the basis of perplexity per word.

A word is a maximal run of characters that are not whitespace; a Han character is a word of its own, since Chinese and
Japanese put no spaces between words, and ends the run before it.
"""

from __future__ import annotations

import re

HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Han characters, as the inside of a regular expression's character class."""

_HAN = re.compile(f"[{HAN}]")


class WordCounter:
    """Counts the words of documents that come in pieces; a word that a cut divides counts once."""

    def __init__(self) -> None:
        self.num_words = 0
        self._inside = False  # the document so far ends inside a word

    def add(self, text: str, ends_document: bool) -> None:
        """Count a piece of a document."""
        if text:
            self.num_words += count_words(text) - (self._inside and _is_inside(text[0]))
            self._inside = _is_inside(text[-1])
        if ends_document:
            self._inside = False


def count_words(text: str) -> int:
    """The words of one text."""
    if text.isascii():
        return len(text.split())
    alone, han = _HAN.subn(" ", text)
    return han + len(alone.split())


def _is_inside(character: str) -> bool:
    return not character.isspace() and not _HAN.match(character)
