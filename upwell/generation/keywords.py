"""Keywords that a text must hold: the model writes freely, they are raised where they may come next, and forced at last.

What a keyword's next token is raised by grows with every token since the last keyword (Pascual et al. 2021, "A Plug-and-Play
Method for Controlled Text Generation"), and with how much of the keyword would then stand there: a model that has begun it is
led to its end, and one that went on otherwise loses little. Where the model would end the text, the next keyword comes instead,
and where the room that is left is just enough for those that are missing, so do they.

Only whole words count: "cat" does not stand in "category". Han characters are not divided into words.
"""

from __future__ import annotations

import codecs
import weakref
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from upwell.errors import UserError
from upwell.generation.constraints import GuidedConstraint
from upwell.text.tokenizers import Tokenizer
from upwell.text.verse.readings import is_character

STRENGTH = 8.0
"""Nats by which the last token of a keyword is raised at most: docs/experiments.md, "writing"."""
PATIENCE = 40
"""Tokens after which a keyword is raised by all of that; fewer where the room is small."""
LIKELY_END = 0.5
"""A text with this probability of ending would end."""

_OPENING = "“‘「『（《([\"'"
_tables: weakref.WeakKeyDictionary[Tokenizer, _Table] = weakref.WeakKeyDictionary()


class MissingWords:
    """The keywords that a text does not hold yet, followed as it grows."""

    def __init__(self, words: Sequence[str], before: str = "") -> None:
        """`words`, of a text behind `before`."""
        self.words = list(words)
        self._text, self._start = before, len(before)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def push(self, spelling: bytes) -> list[str]:
        """Add the bytes of a token; the words that are now there, which are missing no more."""
        added = self._decoder.decode(spelling)
        self._text += added
        found = [word for word in self.words if self._holds(word, len(added))]
        self.words = [word for word in self.words if word not in found]
        return found

    def is_open(self) -> bool:
        """Whether what follows may go on with the last word of the text."""
        return bool(self._text) and is_word_character(self._text[-1])

    def lead(self, word: str) -> str:
        """What must stand between the text and `word`: a blank, or nothing."""
        last = self._text[-1:]
        return " " if last and is_word_character(word[0]) and not last.isspace() and last not in _OPENING else ""

    def rests(self, word: str) -> Iterator[tuple[bytes, int]]:
        """The bytes with which the text may go on to hold `word`, and how many of them come before those of the word."""
        spelled = word.encode("utf-8")
        begun = self._decoder.getstate()[0]  # of a character
        tail = self._text[-len(word) :].encode("utf-8")[-len(spelled) :] + begun
        for done in range(min(len(spelled) - 1, len(tail)), 0, -1):
            if tail.endswith(spelled[:done]) and (begun or self._may_begin(word, spelled[:done].decode("utf-8"))):
                yield spelled[done:], 0
        if not begun:
            lead = self.lead(word)
            yield (lead + word).encode("utf-8"), len(lead)

    def _may_begin(self, word: str, begun: str) -> bool:
        """Whether the text ends in `begun`, the beginning of `word`, as the beginning of a word."""
        start = len(self._text) - len(begun)
        before = self._text[start - 1 : start] if start else ""
        return start >= self._start and not (is_word_character(word[0]) and before and is_word_character(before))

    def _holds(self, word: str, added: int) -> bool:
        text = self._text
        at = max(self._start, len(text) - added - len(word))
        while (at := text.find(word, at)) >= 0:
            end = at + len(word)
            joined = is_word_character(word[0]) and at > 0 and is_word_character(text[at - 1])
            goes_on = is_word_character(word[-1]) and end < len(text) and is_word_character(text[end])
            if not joined and not goes_on:
                return True
            at += 1
        return False


class KeywordConstraint(GuidedConstraint):
    """What a text that must hold keywords may become."""

    def __init__(self, words: Sequence[str], tokenizer: Tokenizer, *, room: int, before: str = "") -> None:
        """All `words` in a text of at most `room` tokens behind `before`. A UserError where they have no room."""
        self._tokenizer, self._left = tokenizer, room
        self._table = _table(tokenizer)
        self._missing = MissingWords(words, before)
        self._costs = {
            word: max(len(tokenizer.encode(lead + word)) for lead in {"", " " * is_word_character(word[0])})
            for word in self._missing.words
        }
        self._patience = max(1, min(PATIENCE, room // (len(words) + 1)))
        self._waited = 0
        self._forced: list[int] = []
        self._closing = False
        """Whether a keyword has just come, which the next token must not make part of a longer word."""
        if (needed := sum(self._costs.values())) > room:
            raise UserError(f"--keyword: {', '.join(words)} need {needed} tokens, but there is room for {room}")

    def guide(self, logits: Tensor) -> Tensor:
        """The keywords' next tokens raised; where the end is likely, the next keyword is begun."""
        if not self._missing.words or self._forced:
            return logits
        raised = raise_words(logits, self._missing, self._table.ids, min(1.0, self._waited / self._patience))
        if float(torch.softmax(logits.float(), 0)[self._tokenizer.end_of_text]) >= LIKELY_END:
            self._force(max(self._missing.words, key=lambda word: float(logits[self._path(word)[0]])))
        return raised

    def allowed(self) -> Tensor:
        """Which ids may come next, as booleans (V,)."""
        table = self._table
        spare = self._left - sum(self._costs[word] for word in self._missing.words)
        if self._missing.words and spare <= 0 and not self._forced:
            self._force(self._missing.words[0])
        if self._forced:
            return torch.zeros(len(table.spellings), dtype=torch.bool).index_fill(
                0, torch.tensor(self._forced[:1]), True
            )
        found = ~table.goes_on if self._closing else torch.ones(len(table.spellings), dtype=torch.bool)
        if self._missing.words:
            found &= table.lacking < spare  # a character that is begun is also ended before a keyword is forced
            found[self._tokenizer.end_of_text] = False
        return found

    def push(self, token: int) -> bool:
        """Take an allowed token; a text may go on behind its keywords."""
        self._left -= 1
        self._waited += 1
        if self._forced:
            self._forced.pop(0)
        if not self._missing.words:
            self._closing = False
            return False
        found = self._missing.push(self._table.spellings[token])
        self._closing = bool(found) and self._missing.is_open()
        if found:
            self._waited = 0
        return False

    def _path(self, word: str) -> list[int]:
        return [int(i) for i in self._tokenizer.encode(self._missing.lead(word) + word)]

    def _force(self, word: str) -> None:
        self._forced = self._path(word)


def raise_words(logits: Tensor, missing: MissingWords, ids: dict[bytes, int], share: float) -> Tensor:
    """`logits` (V,) with every token that begins or goes on with a missing word raised by up to STRENGTH, times `share` and the
    part of the word that would then stand there.
    """
    parts: dict[int, float] = {}
    for word in missing.words:
        size = len(word.encode("utf-8"))
        for rest, lead in missing.rests(word):
            for end in range(lead + 1, len(rest) + 1):
                if (token := ids.get(rest[:end])) is not None:
                    parts[token] = max(parts.get(token, 0.0), 1 - (len(rest) - end) / size)
    if not parts:
        return logits
    index = torch.tensor(list(parts), device=logits.device)
    by = torch.tensor(list(parts.values()), device=logits.device, dtype=logits.dtype)
    return logits.index_add(0, index, STRENGTH * share * by)


def is_word_character(character: str) -> bool:
    """Whether a character may go on with a word: letters, digits and the like, but Han characters."""
    return (character.isalnum() or character == "_") and not is_character(character)


class _Table:
    """What must be known of each token."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.spellings = [tokenizer.token_bytes(token) for token in range(tokenizer.vocab_size)]
        self.ids = {spelling: token for token, spelling in enumerate(self.spellings) if spelling}
        texts = [spelling.decode("utf-8", "replace") for spelling in self.spellings]
        self.goes_on = torch.tensor(
            [bool(text) and (text[0] == "\ufffd" or is_word_character(text[0])) for text in texts]
        )
        """Those that may go on with a word."""
        self.lacking = torch.from_numpy(np.array([_lacking(spelling) for spelling in self.spellings]))
        """Bytes by which each falls short of its last character."""


def _table(tokenizer: Tokenizer) -> _Table:
    if tokenizer not in _tables:
        _tables[tokenizer] = _Table(tokenizer)
    return _tables[tokenizer]


def _lacking(spelling: bytes) -> int:
    """Bytes that the last character of `spelling` falls short of, where it begins there."""
    for back in range(1, min(3, len(spelling)) + 1):
        if (byte := spelling[-back]) >= 0xC0:
            return max(0, (4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2) - back)
        if byte < 0x80:
            break
    return 0
