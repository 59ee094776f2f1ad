"""Reading English clauses and sentences."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from upwell.world import english_phrases
from upwell.world.constructions import (
    adverbials,
    constructions,
    fixed_speech,
    takes_company,
    takes_place,
)
from upwell.world.english_phrases import number_of
from upwell.world.meaning import Clause, Meaning, Phrase
from upwell.world.parser import (
    Reading,
    clause_of,
    fits_slot,
    is_asked,
    split_sentences,
    subject_of,
    with_subject,
)
from upwell.world.passive import can_be_passive
from upwell.world.reading_english_phrases import WORD, EnglishPhraseReader, network, passives, tokens_of
from upwell.world.wording import CONNECTED, SAYING, THAT


class EnglishReader(EnglishPhraseReader):
    """Reads one English sentence."""

    # clauses

    def bases(self, place: int) -> Reading:
        """Read what somebody is asked to do, at a place."""
        found: Reading = []
        for end, (name, _, _), filled in self.walk(network("base", self.speech), place):
            clause = clause_of(name, "inf", {0: "_", **filled})
            found += self.with_adjuncts(end, clause)
        return found

    def with_adjuncts(self, place: int, clause: Clause) -> Reading:
        """A clause, and the fuller ones with how, where or with whom after it."""
        found: Reading = [(place, clause)]
        core = clause
        while core[0] in ("how", "where", "with"):
            core = core[2]
        construction = constructions()[core[0]]
        if construction.aspect not in ("event", "activity"):
            return found
        more: Reading = []
        if clause is core and "V" not in construction.slots:
            more += [(end, ("how", word, clause)) for end, word in self.listed("adverb", place)]
        if takes_place(construction) and clause[0] != "where":
            more += [(end, ("where", where, clause)) for end, where in self.remembered("L", place)]
        if (
            takes_company(construction)
            and clause[0] not in ("where", "with")
            and place < self.length
            and self.tokens[place] == "with"
        ):
            more += [(end, ("with", who, clause)) for end, who in self.remembered("P", place + 1)]
        for end, fuller in more:
            found += self.with_adjuncts(end, fuller)
        return found

    def doing(self, place: int, number: str) -> Reading:
        """What a subject of this number does, without the subject."""
        key = ("doing" + number, place)
        found = self.memory.get(key)
        if found is not None:
            return found
        found = []
        for end, (name, mood, wanted), filled in self.walk(network("doing", self.speech), place):
            if wanted == number and mood not in ("imp", "impnot", "lets"):
                found += self.with_adjuncts(end, clause_of(name, mood, {0: "_", **filled}))
        for verb, (english_verb, _, _, aspect) in THAT.items():
            for mood in (
                ("past", "not") if not self.speech else ("pres", "presnot") if aspect == "state" else ("past", "not")
            ):
                for form in english_phrases.verb_groups_of_that(english_verb, mood, number).items:
                    words = tuple(WORD.findall(form))
                    if self.matches(words, place):
                        found += self._known(verb, mood, place + len(words))
        self.memory[key] = found
        return found

    def _known(self, verb: str, mood: str, place: int) -> Reading:
        starts: Reading = [(place, None)]
        if verb == "tell":
            starts = list(self.remembered("P", place))
        found: Reading = []
        for start, listener in starts:
            begins = [start, start + 1] if start < self.length and self.tokens[start] == "that" else [start]
            for begin in begins:
                found += [(end, ("that", verb, mood, "_", listener, inner)) for end, inner in self.simple(begin)]
        return found

    def simple(self, place: int) -> Reading:
        """One clause with its subject."""
        key = ("simple", place)
        found = self.memory.get(key)
        if found is not None:
            return found
        found = []
        for middle, subject in self.remembered("subject", place):
            if self.tokens[middle - 1] in ("me", "him", "them", "us") or (
                subject == "she" and self.tokens[middle - 1] == "her"
            ):
                continue
            for end, clause in self.doing(middle, number_of(subject)):
                if self._subject_fits(clause, subject):
                    found.append((end, with_subject(clause, subject)))
        for end, (name, mood, number), filled in self.walk(network("bare", self.speech), place):
            if mood in ("imp", "impnot", "lets"):
                if number != "p":
                    continue
                filled = {0: "we" if mood == "lets" else "you", **filled}
            elif 0 in filled and number_of(filled[0]) != number:
                continue
            clause = clause_of(name, mood, filled)
            found += self.with_adjuncts(end, clause)
        found = list(dict.fromkeys(found))
        self.memory[key] = found
        return found

    def _subject_fits(self, clause: Clause, subject: Phrase) -> bool:
        while clause[0] in ("how", "where", "with"):
            clause = clause[2]
        return clause[0] == "that" or fits_slot(constructions()[clause[0]].slots[0], subject)

    def passive(self, place: int) -> Reading:
        """One clause told from what was done to it."""
        if self.speech:
            return []
        found: Reading = []
        for middle, patient in self.remembered("subject", place):
            if self.tokens[middle - 1] in ("me", "her", "him", "them", "us"):
                continue
            for end, (name, mood, number), filled in self.walk(passives(), middle):
                clause = clause_of(name, mood, {**filled, 1: patient})
                if number == number_of(patient) and can_be_passive(clause):
                    found.append((end, clause))
        return found

    def operand(self, place: int) -> Reading:
        """A clause, or several with one subject."""
        found: Reading = []
        for end, clause in self.simple(place):
            found.append((end, clause))
            self._chain(end, [clause], number_of(subject_of(clause)), found)
        return found

    def _chain(self, place: int, parts: list[Clause], number: str, found: Reading) -> None:
        if place >= self.length:
            return
        if self.tokens[place] == "and":
            for end, clause in self.doing(place + 1, number):
                if self._subject_fits(clause, subject_of(parts[0])):
                    found.append((end, ("chain", *parts, with_subject(clause, subject_of(parts[0])))))
        elif self.tokens[place] == ",":
            for end, clause in self.doing(place + 1, number):
                if self._subject_fits(clause, subject_of(parts[0])):
                    self._chain(end, [*parts, with_subject(clause, subject_of(parts[0]))], number, found)

    def body(self, place: int) -> Reading:
        """A sentence without its mark."""
        found: Reading = []
        for front, (forms, _) in adverbials().items():
            for form in forms:
                words = tuple(WORD.findall(form))
                if self.matches((*words, ","), place):
                    found += [(end, ("adv", front, inner)) for end, inner in self.body(place + len(words) + 1)]
        first = self.operand(place)
        found += first + self.passive(place)
        for connective, (ways, _) in CONNECTED.items():
            for template, reverse in ways:
                before, between = re.split(r"\{\d\}", template)[:2]
                words, link = tuple(WORD.findall(before)), tuple(WORD.findall(between))
                if words and not self.matches(words, place):
                    continue
                for middle, one in self.operand(place + len(words)) if words else first:
                    if not self.matches(link, middle):
                        continue
                    for end, two in self.operand(middle + len(link)):
                        found.append((end, (connective, two, one, True) if reverse else (connective, one, two)))
        return found

    def question(self) -> Reading:
        """A question without its mark."""
        found: Reading = []
        if self.matches(("what", "colour"), 0) and self.length > 2 and self.tokens[2] in ("was", "were", "is", "are"):
            for end, phrase in self.remembered("phrase", 3):
                form = english_phrases.agreeing("is" if self.speech else "was", number_of(phrase))
                if form == self.tokens[2]:
                    found.append((end, ("ask", "colour", phrase)))
        start = 1 if self.tokens[0] == "why" else 0
        for end, (name, mood, number), filled in self.walk(network("asked", self.speech), start):
            if not filled or number == number_of(filled[0]):
                found.append((end, ("ask", "why" if start else "yesno", clause_of(name, mood, filled))))
        for end, (name, mood, number), filled in self.walk(network("hole", self.speech), 0):
            if number == number_of(filled[0]):
                found.append((end, ("ask", "hole", clause_of(name, mood, filled))))
        for end, clause in self.simple(0):
            if any(is_asked(value) for value in clause[2:3]):
                found.append((end, ("ask", "hole", clause)))
        return found


@cache
def _ready() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for word, (forms, _) in fixed_speech().items():
        for form in forms:
            found.setdefault(form, []).append(word)
    return found


def read_sentence(text: str, *, speech: bool) -> list[Meaning]:
    """All readings of one English sentence, pronouns as they stand."""
    if speech and text in _ready():
        return [("fixed", word) for word in _ready()[text]]
    if '"' in text:
        return _read_quoted(text)
    tokens = tokens_of(text)
    if len(tokens) < 2 or not text[0].isupper():
        return []
    mark = tokens.pop()
    reader = EnglishReader(tokens, speech=speech)
    if mark == "?":
        readings = reader.question()
    elif mark == ".":
        readings = [pair for pair in reader.body(0) if not _asks(pair[1])]
    else:
        return []
    return list(dict.fromkeys(meaning for end, meaning in readings if end == len(tokens)))


def _asks(meaning: Any) -> bool:
    if type(meaning) is tuple:
        return is_asked(meaning) or any(_asks(part) for part in meaning)
    return meaning in ("who", "what", "where?")


def _read_quoted(text: str) -> list[Meaning]:
    if text.startswith('"'):
        end = text.index('"', 1) if '"' in text[1:] else 0
        inner, said = text[1:end], text[end + 1 :].strip()
        if not end or not said.endswith("."):
            return []
        said = said[:-1]
        inner = inner[:-1] + "." if inner.endswith(",") else inner
    else:
        said, _, rest = text.partition(', "')
        inner = rest[:-1]
        if not rest.endswith('"'):
            return []
    tokens = tokens_of(said)
    reader = EnglishReader(tokens, speech=False)
    found: list[Meaning] = []
    sentences: list[tuple[Meaning, ...]] = [()]
    for sentence in split_sentences(inner, "en"):
        sentences = [(*before, meaning) for before in sentences for meaning in read_sentence(sentence, speech=True)]
    for verb, (alone, heard, _, _) in SAYING.items():
        verb_words = tuple(alone.split())
        heard_words = tuple(heard.replace("{}", "").split())
        for middle, speaker in reader.remembered("subject", 0):
            if reader.matches(verb_words, middle) and middle + len(verb_words) == len(tokens):
                found += [("say", verb, speaker, None, quoted) for quoted in sentences]
            if heard and reader.matches(heard_words, middle):
                for end, listener in reader.remembered("P", middle + len(heard_words)):
                    if end == len(tokens):
                        found += [("say", verb, speaker, listener, quoted) for quoted in sentences]
        if text.startswith('"') and reader.matches(verb_words, 0):
            for end, speaker in reader.remembered("subject", len(verb_words)):
                if end == len(tokens):
                    found += [("say", verb, speaker, None, quoted) for quoted in sentences]
    return list(dict.fromkeys(found))
