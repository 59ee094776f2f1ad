"""Texts in a form of verse: every line of its length with its mark, rhymes of one class, tones where they are asked for.

Before each draw all tokens are ruled out whose characters do not fit the rest of the form. One that fits is always there: a
class of rhymes is only begun where the vocabulary has a character of it for every place that rhymes. For keywords places are
reserved as late as can be; where the model writes one earlier, its places are free again.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from upwell.errors import UserError
from upwell.generation.constraints import GuidedConstraint
from upwell.generation.keywords import MissingWords, raise_words
from upwell.text.tokenizers import Tokenizer
from upwell.text.verse import Form, is_character, reading_of
from upwell.text.verse.readings import EITHER, RHYMES

_vocabularies: weakref.WeakKeyDictionary[Tokenizer, _Vocabulary] = weakref.WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class _Place:
    """One character of a form."""

    wanted: str = ""
    """Which one it must be; empty: any Han character."""
    tone: str = EITHER
    rhyme: int | None = None
    """The group of lines that its own rhymes with, where it ends one."""


class VerseConstraint(GuidedConstraint):
    """What a text in a form of verse may become."""

    def __init__(self, form: Form, tokenizer: Tokenizer, *, tones: bool = False, keywords: Sequence[str] = ()) -> None:
        """A text in `form` that begins with its next token; `tones`: with the tones on which its poems agree; `keywords`: words
        that it holds.

        No character ends two lines that rhyme. Raises a UserError where the vocabulary cannot fill the form, the keywords
        have no room in it, or pypinyin is not installed.
        """
        self._vocabulary = _vocabulary(tokenizer)
        self._free = _places(form, tones=tones)
        self._places = list(self._free)
        self._at = 0
        self._rhymes: dict[int, str] = {}
        """The class of each group that has begun."""
        self._used: frozenset[str] = frozenset()
        """Characters that end lines that rhyme."""
        self._open = self._open_classes()
        self._missing = MissingWords(keywords)
        self._reserved = {word: self._reserve(word) for word in sorted(keywords, key=len, reverse=True)}

    @property
    def max_tokens(self) -> int:
        """Tokens that are always enough."""
        return len(self._places)

    def guide(self, logits: Tensor) -> Tensor:
        """The keywords that are missing raised, the more of the form is filled."""
        if not self._missing.words:
            return logits
        last = max(self._reserved[word] for word in self._missing.words)
        return raise_words(logits, self._missing, self._vocabulary.spelled, self._at / max(1, last))

    def allowed(self) -> Tensor:
        """Which ids may come next, as booleans (V,)."""
        place = self._places[self._at]
        if place.rhyme is None or place.wanted:
            found = self._vocabulary.fitting(place).clone()
        else:
            known = self._rhymes.get(place.rhyme)
            classes = self._open[place.rhyme] if known is None else known
            found = torch.zeros(self._vocabulary.size, dtype=torch.bool)
            for rhyme in classes:
                found |= self._vocabulary.fitting(place, rhyme)
            found[[self._vocabulary.ids[character] for character in self._used]] = False
        for text, token in self._vocabulary.longer:
            if self._read(text) is not None:
                found[token] = True
        return found

    def push(self, token: int) -> bool:
        """Take an allowed token; returns whether the form is filled."""
        text = self._vocabulary.texts[token]
        read = self._read(text)
        assert read is not None, "only what is allowed is drawn"
        self._rhymes, self._used = read
        self._at += len(text)
        for word in self._missing.push(text.encode("utf-8")):
            start = max(self._at, self._reserved[word])
            end = max(start, self._reserved[word] + len(word))
            self._places[start:end] = self._free[start:end]
        return self._at == len(self._places)

    def _read(self, text: str) -> tuple[dict[int, str], frozenset[str]] | None:
        """The rhymes and the characters that end lines, once `text` has been taken; None where it does not fit."""
        places = self._places[self._at : self._at + len(text)]
        if len(places) < len(text) or not all(map(self._vocabulary.fits, places, text)):
            return None
        rhymes, used = self._rhymes, self._used
        for place, character in zip(places, text, strict=True):
            if place.rhyme is None:
                continue
            rhyme = self._vocabulary.rhymes[character]
            known = rhymes.get(place.rhyme)
            if character in used or (rhyme not in self._open[place.rhyme] if known is None else rhyme != known):
                return None
            rhymes, used = {**rhymes, place.rhyme: rhyme}, used | {character}
        return rhymes, used

    def _open_classes(self) -> dict[int, str]:
        """The classes in which the vocabulary has enough characters for each group of rhymes, whatever the others take."""
        rhyming = [place for place in self._places if place.rhyme is not None]
        if strange := [p for p in self._places if p.rhyme is None and not bool(self._vocabulary.fitting(p).any())]:
            what = repr(strange[0].wanted) if strange[0].wanted else "whole Han characters"
            raise UserError(f"the tokenizer has no token for {what}, so no text in this form can be written")
        found: dict[int, str] = {}
        for group in {place.rhyme for place in rhyming if place.rhyme is not None}:
            tones = {place.tone for place in rhyming if place.rhyme == group}
            found[group] = "".join(
                rhyme
                for rhyme in RHYMES
                if all(int(self._vocabulary.fitting(_Place(tone=tone), rhyme).sum()) >= len(rhyming) for tone in tones)
            )
            if not found[group]:
                raise UserError(f"no class of rhymes has {len(rhyming)} characters in the vocabulary of this run")
        return found

    def _reserve(self, word: str) -> int:
        """Keep the last free places that `word` fits for it; the first of them."""
        if not all(character in self._vocabulary.ids for character in word):
            raise UserError(f"--keyword {word}: has a character that the text of this run hardly ever has")
        for start in range(len(self._places) - len(word), -1, -1):
            places = self._places[start : start + len(word)]
            is_free = all(not place.wanted and place.rhyme is None for place in places)
            if is_free and all(map(self._vocabulary.fits, places, word)):
                self._places[start : start + len(word)] = [_Place(wanted=character) for character in word]
                return start
        raise UserError(f"--keyword {word}: there is no room left for it within a line of this form")


class _Vocabulary:
    """The tokens of a tokenizer that are whole characters, and how these sound."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.size = tokenizer.vocab_size
        self.texts: dict[int, str] = {}
        for token in range(self.size):
            text = tokenizer.token_bytes(token).decode("utf-8", "ignore")
            if text and text.encode("utf-8") == tokenizer.token_bytes(token):
                self.texts[token] = text
        self.ids = {text: token for token, text in self.texts.items() if len(text) == 1}
        self.longer = [(text, token) for token, text in self.texts.items() if len(text) > 1]
        self.spelled = {text.encode("utf-8"): token for token, text in self.texts.items()}
        readings = {text: reading_of(text) for text in {*"".join(self.texts.values())} if is_character(text)}
        self.rhymes = {character: reading.rhyme if reading else "" for character, reading in readings.items()}
        self.tones = {character: reading.tone if reading else EITHER for character, reading in readings.items()}
        self._fitting: dict[tuple[_Place, str], Tensor] = {}

    def fits(self, place: _Place, character: str) -> bool:
        """Whether `character` may stand in a place, rhymes aside."""
        if place.wanted:
            return character == place.wanted
        return character in self.tones and place.tone in (EITHER, self.tones[character])

    def fitting(self, place: _Place, rhyme: str = "") -> Tensor:
        """Which tokens of one character fit a place, as booleans (V,); of the class `rhyme` where one is named."""
        key = (_Place(place.wanted, place.tone), rhyme)
        if key not in self._fitting:
            self._fitting[key] = torch.zeros(self.size, dtype=torch.bool)
            self._fitting[key][
                [
                    token
                    for character, token in self.ids.items()
                    if self.fits(place, character) and (not rhyme or self.rhymes[character] == rhyme)
                ]
            ] = True
        return self._fitting[key]


def _vocabulary(tokenizer: Tokenizer) -> _Vocabulary:
    if tokenizer not in _vocabularies:
        _vocabularies[tokenizer] = _Vocabulary(tokenizer)
    return _vocabularies[tokenizer]


def _places(form: Form, *, tones: bool) -> list[_Place]:
    found: list[_Place] = []
    for line in form.lines:
        wanted = line.tones if tones else EITHER * line.length
        found += [_Place(tone=tone) for tone in wanted[:-1]]
        found.append(_Place(tone=wanted[-1], rhyme=line.rhyme))
        found += [_Place(mark) for mark in line.mark]
    return found
