"""From meaning to text: what both languages have in common. `english` and `chinese` say the rest."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from functools import lru_cache
from typing import Any

from upwell.world.chance import Chance, Table
from upwell.world.constructions import Construction, adverbials, constructions, fixed_speech
from upwell.world.discourse import Discourse, pronoun_of
from upwell.world.meaning import CONNECTIVES, Clause, Phrase
from upwell.world.passive import can_be_passive
from upwell.world.wording import CONNECTED, SAYING

Template = tuple[str, tuple[int, ...]]
"""A form for %, and which texts fill it."""

ADJUNCTS = ("how", "where", "with")
HOLES = ("who", "what", "where?")
"""What is asked for, as arguments of a question."""

PRONOUN_SHARE = 0.8
"""How often a subject that a pronoun would name is named by it."""
PASSIVE_SHARE = 1 / 8
"""How often a sentence that can be told in the passive is told so."""
WITHIN = {"en": (12, 4), "zh": (16, 5)}
"""How many words (in Chinese characters) may pass until a name, and how many stand at most before the name in a
sentence that begins with when it was. A text stays clear, and no run of 13 words is without a name (see `splits`)."""
MAX_NAMELESS = 2
"""How many sentences in a row may do without a name; then it is said again. A text stays clear, and no thirteen words
of it are without a name (see `splits`)."""


class Lineariser(ABC):
    """Says meanings in one language; one object says one text, since pronouns depend on what was said before.

    Arguments: `chance`, which chooses among paraphrases.
    """

    language: str
    connected: dict[str, Table[tuple[str, bool]]]
    front: dict[str, Table[str]]
    speech_texts: dict[str, Table[str]]

    def __init__(self, chance: Chance) -> None:
        self.chance = chance
        self.discourse = Discourse()
        self.nameless = 0
        self.named = False
        self.gap = 0
        self.names: list[str] = []
        """The names of the text, as they are written."""
        self.said_pronoun = False
        self.names_only = False
        self.name_due = False
        self.ahead = 0
        self.front_length = 0
        """How many words stand before the clause of this sentence: one day."""
        self.before: dict[str, Phrase | None] = {}
        self.speech = False

    @abstractmethod
    def length(self, text: str) -> int:
        """How many words a piece of text has; in Chinese, characters."""

    @abstractmethod
    def plain(self, phrase: Phrase) -> str:
        """A phrase without pronouns."""

    @abstractmethod
    def finished(self, text: str, mark: str) -> str:
        """A sentence with its capital and its mark, one of . and ?."""

    @abstractmethod
    def told(self, clause: Clause, *, without_subject: bool) -> str:
        """A clause as it is told, or only what its subject does."""

    @abstractmethod
    def passives(self, clause: Clause) -> Table[Template]:
        """The ways to tell a clause from what was done to it."""

    @abstractmethod
    def argument(self, clause: Clause, index: int) -> str:
        """An argument of a clause, without pronouns."""

    @abstractmethod
    def question(self, meaning: Clause) -> str:
        """A question, without its mark."""

    @abstractmethod
    def quoted(self, verb: str, speaker: str, listener: str, speech: str) -> str:
        """A whole sentence with quoted speech."""

    @abstractmethod
    def listener(self, phrase: Phrase, speaker: Phrase) -> str:
        """Who is spoken to."""

    @abstractmethod
    def that(self, meaning: Clause, *, without_subject: bool) -> str:
        """A clause with another one as what is known or told."""

    @abstractmethod
    def subject(self, phrase: Phrase) -> str:
        """A subject, by name or pronoun."""

    @abstractmethod
    def chained(self, parts: list[str]) -> str:
        """Several things that one subject did, one after the other."""

    @abstractmethod
    def joined(self, sentences: list[str]) -> str:
        """Sentences of a text."""

    @abstractmethod
    def fronted(self, adverbial: str, sentence: str) -> str:
        """A sentence with what stands at its beginning."""

    def say(self, meaning: Clause) -> str:
        """One whole sentence, with capital and mark."""
        if self.speech or not self.names:
            return self._say(meaning)
        self.said_pronoun = False
        text = self._say(meaning)
        before, after = self._name_gaps(text)
        if self.said_pronoun and self._too_long(before, after):
            self.discourse.current, self.discourse.previous = {}, self.before
            self.names_only = True
            text = self._say(meaning)
            self.names_only = False
            before, after = self._name_gaps(text)
        self.gap = after if before is not None else self.gap + after
        return text

    def _too_long(self, before: int | None, after: int) -> bool:
        longest = WITHIN[self.language][0]
        return self.gap + after + self.ahead > longest if before is None else self.gap + before > longest

    def _words_ahead(self, meaning: Clause) -> int:
        """How many words stand before the first name of a sentence, at most, if it is not said by a pronoun."""
        longest, front = WITHIN[self.language]
        words = 0
        if meaning[0] == "adv":
            words, meaning = front, meaning[2]
        if meaning[0] == "because":
            words += 2
            if not begins_with_name(meaning[2]):
                return longest
        if meaning[0] in CONNECTIVES or meaning[0] == "chain":
            meaning = meaning[1]
        return words if begins_with_name(meaning) else longest

    def speaker_first(self, speech: str) -> bool:
        """Whether who speaks must be named before what is said, since no name was said for long."""
        return bool(self.names) and self.gap + self.length(speech) > WITHIN[self.language][0] - 2

    def _name_gaps(self, text: str) -> tuple[int | None, int]:
        """How many words stand before the first name of a sentence (None if it has no name) and after the last."""
        found = [(text.find(name), text.rfind(name) + len(name)) for name in self.names if name in text]
        if not found:
            return None, self.length(text)
        first, last = min(found)[0], max(end for _, end in found)
        return self.length(text[:first]), self.length(text[last:])

    def _say(self, meaning: Clause) -> str:
        self.before = self.discourse.previous
        self.named = False
        self.front_length = 0
        tag = meaning[0]
        if tag == "say":
            text = self._speech(meaning)
        elif tag == "ask":
            text = self.finished(self.question(meaning), "?")
            self._mention_all(meaning)
        elif tag == "fixed":
            text = self.chance.pick(self.speech_texts[meaning[1]])
        else:
            text = self.finished(self.body(meaning), ".")
        self.discourse.end_sentence()
        self.nameless = 0 if self.named else self.nameless + 1
        return text

    def text(self, meanings: list[Clause] | tuple[Clause, ...]) -> str:
        """A text of several sentences."""
        return self.joined(self.texts(meanings))

    def texts(self, meanings: list[Clause] | tuple[Clause, ...]) -> list[str]:
        """The sentences of a text, each told after those before it."""
        said = [names_in(meaning) for meaning in meanings]
        self.names = [self.plain(name) for name in dict.fromkeys(itertools.chain.from_iterable(said))]
        named = [bool(names) for names in said]
        texts = []
        for place, meaning in enumerate(meanings):
            self.name_due = not all(named[place + 1 : place + 2])  # the next sentence has none
            self.ahead = self._words_ahead(meanings[place + 1]) if place + 1 < len(meanings) else 0
            texts.append(self.say(meaning))
        return texts

    def body(self, meaning: Clause) -> str:
        """A sentence without capital and mark."""
        tag = meaning[0]
        if tag == "adv":
            front = self.chance.pick(self.front[meaning[1]])
            self.front_length += self.length(front)
            return self.fronted(front, self.body(meaning[2]))
        if tag in CONNECTIVES:
            template, reverse = self.chance.pick(self.connected[tag])
            if reverse:
                second = self.operand(meaning[2])
                first = self.operand(meaning[1])
            else:
                first = self.operand(meaning[1])
                second = self.operand(meaning[2])
            return template.replace("{0}", first).replace("{1}", second)
        if self.may_turn(meaning) and self.chance.flip(PASSIVE_SHARE):
            return self.turned(meaning)
        return self.operand(meaning)

    def may_turn(self, meaning: Clause) -> bool:
        """Whether a sentence may be told in the passive: names must not come too late then."""
        if self.speech or not can_be_passive(meaning):
            return False
        if not self.names:
            return True
        words = sum(self.length(self.argument(meaning, index)) for index in range(1, len(meaning) - 2))
        words += self.front_length + (2 if meaning[1] == "past" else 4)  # was by, had already been by
        return bool(names_in(meaning)) and self.gap + words <= WITHIN[self.language][0]

    def turned(self, clause: Clause) -> str:
        """A clause in the passive; what it was done to may be a pronoun, all else is said by name."""
        form, order = self.chance.pick(self.passives(clause))
        texts = []
        for index in order:
            if index == 1 and owner_of(clause[3]) is None:
                texts.append(self.subject(clause[3]))
            else:
                self.named = self.named or bool(names_in(clause[index + 2]))
                texts.append(self.argument(clause, index))
        self.mention(clause)
        return form % tuple(texts)

    def operand(self, meaning: Clause, *, without_subject: bool = False) -> str:
        """A clause, or several with one subject."""
        if meaning[0] == "chain":
            parts = [self.simple(meaning[1], without_subject=without_subject)]
            parts += [self.simple(clause, without_subject=True) for clause in meaning[2:]]
            return self.chained(parts)
        return self.simple(meaning, without_subject=without_subject)

    def simple(self, meaning: Clause, *, without_subject: bool) -> str:
        """One clause; its phrases count as said afterwards."""
        if meaning[0] == "that":
            return self.that(meaning, without_subject=without_subject)
        text = self.told(meaning, without_subject=without_subject)
        self.mention(meaning)
        return text

    def by_name(self, phrase: Phrase) -> str:
        """A phrase where no pronoun may stand."""
        self.named = self.named or type(phrase) is str
        return self.plain(phrase)

    def mention(self, clause: Clause) -> None:
        """Take note of the phrases of a clause."""
        if self.speech:
            return
        note = self.discourse.mention
        while clause[0] in ADJUNCTS:
            note(clause[1])
            clause = clause[2]
        for argument in clause[2:]:
            kind = type(argument)
            if kind is str or (kind is tuple and argument[0] != "very"):
                note(argument)

    def _mention_all(self, meaning: Clause) -> None:
        self.mention(meaning[2] if meaning[1] != "colour" else (None, None, meaning[2]))

    def _speech(self, meaning: Clause) -> str:
        _, verb, speaker, listener, sentences = meaning
        who = self.subject(speaker)
        whom = self.listener(listener, speaker) if listener else ""
        before, named, nameless = self.discourse, self.named, self.nameless
        self.discourse, self.speech = Discourse(), True
        parts = [self.say(sentence) for sentence in sentences]
        self.discourse, self.named, self.nameless, self.speech = before, named, nameless, False
        self.discourse.mention(speaker)
        if listener:
            self.discourse.mention(listener)
        return self.quoted(verb, who, whom, self.joined(parts))

    def pronoun_for(self, phrase: Phrase) -> str:
        """The pronoun that would stand for this phrase now, or nothing."""
        pronoun = "" if self.speech else pronoun_of(phrase)
        if not pronoun or self.discourse.referent(pronoun) != phrase:
            return ""
        if pronoun in self.discourse.current:
            return pronoun
        if self.names_only or self.name_due or (self.nameless >= MAX_NAMELESS and not self.named):
            return ""
        self.said_pronoun = True
        return pronoun

    def prefers(self, pronoun: str) -> bool:
        """Whether a subject is said by its pronoun: always if this sentence has named it, else mostly."""
        return pronoun in self.discourse.current or self.chance.flip(PRONOUN_SHARE)


SHARING = ("so", "but", "because")
"""Connectives after which Chinese does not repeat the subject."""


def subject_of(meaning: Clause) -> Phrase:
    """The subject of a clause or chain; empty where it has none."""
    while meaning[0] in ADJUNCTS:
        meaning = meaning[2]
    if meaning[0] == "chain":
        return subject_of(meaning[1])
    if meaning[0] == "that":
        return meaning[3]
    return meaning[2] if len(meaning) > 2 else ""


def can_share(meaning: Clause) -> bool:
    """Whether both sides of a connective have a subject that need not be said twice."""
    for side in meaning[1:3]:
        clause = side[1] if side[0] == "chain" else side
        while clause[0] in ADJUNCTS:
            clause = clause[2]
        if clause[0] == "that":
            continue
        construction = constructions()[clause[0]]
        if construction.slots[:1] in ("", "B", "W") or not all(way.startswith("{0}") for way in construction.chinese):
            return False
    return bool(subject_of(meaning[1]))


def begins_with_name(meaning: Clause) -> bool:
    """Whether a name is the first that a sentence says."""
    if meaning[0] == "say":
        return type(meaning[2]) is str
    subject = subject_of(meaning)
    return (type(subject) is str and subject[:1].isupper()) or (type(subject) is tuple and subject[0] == "and")


@lru_cache(maxsize=1 << 12)
def names_in(meaning: Any) -> tuple[str, ...]:
    """All names of a meaning, in order."""
    found: list[str] = []
    _add_names(meaning if type(meaning) is tuple else (meaning,), found)
    return tuple(found)


def _add_names(meaning: tuple[Any, ...], found: list[str]) -> None:
    for part in meaning:
        if type(part) is tuple:
            if part:
                _add_names(part, found)
        elif type(part) is str and part[:1].isupper():
            found.append(part)


def tables_of(language: str) -> tuple[dict[str, Table[tuple[str, bool]]], dict[str, Table[str]], dict[str, Table[str]]]:
    """The tables of connectives, of beginnings and of ready speech of a language, as things to pick from."""
    column = 0 if language == "en" else 1
    return (
        {word: Table(forms[column]) for word, forms in CONNECTED.items()},
        {word: Table(forms[column]) for word, forms in adverbials().items()},
        {word: Table(forms[column]) for word, forms in fixed_speech().items()},
    )


def construction_of(clause: Clause) -> Construction:
    """The construction of a clause."""
    return constructions()[clause[0]]


def saying_forms(language: str) -> dict[str, tuple[str, str]]:
    """Verbs of quoted speech: without and with who listens."""
    first = 0 if language == "en" else 2
    return {word: (forms[first], forms[first + 1]) for word, forms in SAYING.items()}


def owner_of(phrase: Phrase) -> Any:
    """Whose thing a phrase names, or None."""
    if type(phrase) is tuple and phrase[0] == "n" and type(phrase[1]) is tuple:
        return phrase[1][1]
    return None
