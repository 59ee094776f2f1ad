"""Reading Chinese clauses and sentences."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from upwell.world import chinese_phrases
from upwell.world.constructions import (
    adverbials,
    constructions,
    fixed_speech,
    moods_of,
    takes_company,
    takes_place,
)
from upwell.world.lexicon import lexicon
from upwell.world.linearise import SHARING
from upwell.world.meaning import Clause, Meaning, Phrase
from upwell.world.parser import (
    Node,
    Reading,
    clause_of,
    fits_slot,
    is_asked,
    split_sentences,
    subject_of,
    with_subject,
)
from upwell.world.passive import can_be_passive
from upwell.world.reading_chinese_phrases import ChinesePhraseReader, holds_question, network, passives, pieces_of
from upwell.world.wording import CONNECTED, SAYING, THAT


class ChineseReader(ChinesePhraseReader):
    """Reads one Chinese sentence."""

    # clauses

    def adjuncts(self, place: int) -> Reading:
        """What is added before the verb, the outermost first: tuples of kind and value."""
        found: Reading = []
        if self.text.startswith("在", place):
            found += [(end, (("where", where),)) for end, where in self.remembered("L", place + 1)]
        if self.text.startswith("跟", place):
            for end, who in self.remembered("P", place + 1):
                if self.text.startswith("一起", end):
                    found.append((end + 2, (("with", who),)))
        found += [(end, (("how", word),)) for end, word in self.listed("adverb", place)]
        more: Reading = []
        for end, first in found:
            more += [(stop, (*first, *rest)) for stop, rest in self.remembered("X", end)]
        return found + more

    def _finished(self, name: str, mood: str, known: str, filled: dict[int, Any]) -> Clause | None:
        """The clause of a match, or None where its parts do not go together."""
        construction = constructions()[name]
        filled = dict(filled)
        added = filled.pop(9, ())
        for index, slot in enumerate(construction.slots):
            if slot == "A":
                kind, value = filled[index]
                wanted = "past"
                if name == "be":
                    wanted = {"pres": "past", "presnot": "not", "will": "would"}.get(mood, mood)
                if kind != wanted or (type(value) is tuple and wanted != "past"):
                    return None
                filled[index] = value
            if slot == "K" and (type(filled[index]) is tuple) != (name == "same_as"):
                return None
        clause = clause_of(name, mood, filled)
        if chinese_phrases.knows(clause) != bool(known):
            return None
        kinds = [kind for kind, _ in added]
        if kinds:
            allowed = ["how"]
            allowed += ["where"] if takes_place(construction) else []
            allowed += ["with"] if takes_company(construction) else []
            if construction.aspect not in ("event", "activity") or ("how" in kinds and "V" in construction.slots):
                return None
            if any(kind not in allowed for kind in kinds) or kinds != sorted(
                set(kinds), key=["where", "with", "how"].index
            ):
                return None
            for kind, value in reversed(added):
                clause = (kind, value, clause)
        return clause

    def bases(self, place: int) -> Reading:
        """Read what somebody is asked to do, at a place."""
        found: Reading = []
        for end, (name, mood, known), filled in self.walk(network("base", self.speech), place):
            clause = self._finished(name, mood, known, {0: "_", **filled})
            if clause is not None:
                found.append((end, clause))
        return list(dict.fromkeys(found))

    def doing(self, place: int) -> Reading:
        """What a subject does, without the subject."""
        key = ("doing", place)
        found = self.memory.get(key)
        if found is not None:
            return found
        found = []
        for end, (name, mood, known), filled in self.walk(network("doing", self.speech, self.habit), place):
            if mood in ("imp", "impnot", "lets"):
                continue
            clause = self._finished(name, mood, known, {0: "_", **filled})
            if clause is not None:
                found.append((end, clause))
        for verb, (_, form, _, aspect) in THAT.items():
            told = form[2:]
            for before, mood in (("", "past"), ("不" if aspect == "state" else "没有", "not")):
                if self.text.startswith(before + told, place):
                    if self.speech and aspect == "state":
                        mood = {"past": "pres", "not": "presnot"}[mood]
                    found += self._known(verb, mood, place + len(before + told))
        found = self.memory[key] = list(dict.fromkeys(found))
        return found

    def _known(self, verb: str, mood: str, place: int) -> Reading:
        starts: Reading = list(self.remembered("P", place)) if verb == "tell" else [(place, None)]
        return [
            (end, ("that", verb, mood, "_", listener, inner))
            for start, listener in starts
            for end, inner in self.simple(start)
        ]

    def simple(self, place: int) -> Reading:
        """One clause with its subject."""
        key = ("simple", place)
        found = self.memory.get(key)
        if found is not None:
            return found
        found = []
        for middle, subject in self.remembered("phrase", place):
            if subject == "self":
                continue
            if type(subject) is tuple and subject[:2] == ("n", "all") and self.text[middle - 1] != "都":
                continue
            for end, clause in self.doing(middle):
                if self._subject_fits(clause, subject):
                    found.append((end, with_subject(clause, subject)))
        for end, (name, mood, known), filled in self.walk(network("bare", self.speech, self.habit), place):
            if mood in ("imp", "impnot"):
                filled = {**filled, 0: "you"}
            if mood == "lets" and filled.get(0) != "we":
                continue
            clause = self._finished(name, mood, known, filled)
            if clause is not None:
                found.append((end, clause))
        found = self.memory[key] = list(dict.fromkeys(found))
        return found

    def _subject_fits(self, clause: Clause, subject: Phrase) -> bool:
        while clause[0] in ("how", "where", "with"):
            clause = clause[2]
        return clause[0] == "that" or fits_slot(constructions()[clause[0]].slots[0], subject)

    def passive(self, place: int) -> Reading:
        """One clause with 被."""
        if self.speech or self.habit:
            return []
        found: Reading = []
        for middle, patient in self.remembered("phrase", place):
            for end, (name, mood, _), filled in self.walk(passives(), middle):
                clause = clause_of(name, mood, {**filled, 1: patient})
                if can_be_passive(clause):
                    found.append((end, clause))
        return found

    def operand(self, place: int) -> Reading:
        """A clause, or several with one subject."""
        found: Reading = []
        for end, clause in self.simple(place):
            found.append((end, clause))
            self._chain(end, [clause], found)
        return found

    def _sharing(self, place: int, subject: Phrase) -> Reading:
        """What follows a connective without a subject of its own."""
        found: Reading = []
        for end, clause in self.doing(place):
            if self._subject_fits(clause, subject):
                found.append((end, clause))
                self._chain(end, [clause], found)
        return found

    def _chain(self, place: int, parts: list[Clause], found: Reading) -> None:
        if not self.text.startswith("，", place):
            return
        for end, clause in self.doing(place + 1):
            if self._subject_fits(clause, subject_of(parts[0])):
                more = [*parts, with_subject(clause, subject_of(parts[0]))]
                found.append((end, ("chain", *more)))
                self._chain(end, more, found)

    def body(self, place: int) -> Reading:
        """A sentence without its mark."""
        found: Reading = []
        for front, (_, forms) in adverbials().items():
            for form in forms:
                if self.text.startswith(form + "，", place):
                    reader = self
                    if front == "every_day":
                        reader = ChineseReader(self.text, speech=self.speech, habit=True)
                    found += [(end, ("adv", front, inner)) for end, inner in reader.body(place + len(form) + 1)]
        first = self.operand(place)
        found += first + self.passive(place)
        for connective, (_, ways) in CONNECTED.items():
            for template, reverse in ways:
                before, between = re.split(r"\{\d\}", template)[:2]
                if before and not self.text.startswith(before, place):
                    continue
                for middle, one in self.operand(place + len(before)) if before else first:
                    if self.text.startswith(between, middle):
                        start = middle + len(between)
                        subject = subject_of(one[1] if one[0] == "chain" else one)
                        seconds = self.operand(start)
                        if connective in SHARING and subject:
                            seconds = seconds + self._sharing(start, subject)
                        for end, two in seconds:
                            found.append((end, (connective, two, one, True) if reverse else (connective, one, two)))
        return found

    def question(self) -> Reading:
        """A question without its mark."""
        found: Reading = []
        for end, phrase in self.remembered("phrase", 0):
            if self.text[end:] == "是什么颜色的":
                found.append((self.length, ("ask", "colour", phrase)))
            for stop, (name, mood, known), filled in self.walk(_why(self.speech), end):
                clause = self._asked(name, mood, known, {0: phrase, **filled})
                if clause is not None and self._subject_fits(clause, phrase):
                    found.append((stop, ("ask", "why", clause)))
        return found

    def _asked(self, name: str, mood: str, known: str, filled: dict[int, Any]) -> Clause | None:
        if any(holds_question(value) for value in filled.values()):
            return None  # it asks for one thing only
        for index, slot in enumerate(constructions()[name].slots):
            if slot == "A" and mood in ("past", "pres") and name == "be":
                kind, value = filled[index]
                plain = type(value) is str and lexicon().adjective[value].predicate.startswith("很")
                if kind == "past" and plain:
                    return None
                filled = {**filled, index: ("past" if kind == "asked" else kind, value)}
        return self._finished(name, mood, known, filled)

    def yes_or_no(self, place: int) -> Reading:
        """A clause as 吗 asks for it."""
        found: Reading = []
        for middle, subject in self.remembered("phrase", place):
            for end, (name, mood, known), filled in self.walk(network("asked", self.speech), middle):
                clause = self._asked(name, mood, known, {0: subject, **filled})
                if clause is not None and self._subject_fits(clause, subject):
                    found.append((end, clause))
        for end, (name, mood, known), filled in self.walk(network("bare asked", self.speech), place):
            if mood not in ("imp", "impnot", "lets"):
                clause = self._asked(name, mood, known, filled)
                if clause is not None:
                    found.append((end, clause))
        return found


@cache
def _why(speech: bool) -> Node:
    root = Node()
    for construction in constructions().values():
        for mood in moods_of(construction, speech=speech):
            for known in (True, False):
                for template in chinese_phrases.templates(construction.id, mood, known, "why", False)[:1]:
                    pieces = pieces_of(construction, template)
                    if pieces[0] == (construction.slots[:1], 0):
                        root.add(pieces[1:], (construction.id, mood, "known" if known else ""))
    return root


@cache
def _ready() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for word, (_, forms) in fixed_speech().items():
        for form in forms:
            found.setdefault(form, []).append(word)
    return found


def read_sentence(text: str, *, speech: bool) -> list[Meaning]:
    """All readings of one Chinese sentence, pronouns as they stand."""
    if speech and text in _ready():
        return [("fixed", word) for word in _ready()[text]]
    if "“" in text:
        return _read_quoted(text)
    if len(text) < 2:
        return []
    core, mark = text[:-1], text[-1]
    reader = ChineseReader(core, speech=speech, asking=mark == "？")
    if mark == "。":
        readings = reader.body(0)
    elif mark == "？":
        if core.endswith("吗"):
            plain = ChineseReader(core[:-1], speech=speech)
            readings = [(end + 1, ("ask", "yesno", clause)) for end, clause in plain.yes_or_no(0)]
        else:
            readings = reader.question()
            for end, clause in reader.simple(0):
                if clause[0] in constructions() and sum(is_asked(value) for value in clause[2:]) == 1:
                    readings.append((end, ("ask", "hole", clause)))
    else:
        return []
    return list(dict.fromkeys(meaning for end, meaning in readings if end == len(core)))


def _read_quoted(text: str) -> list[Meaning]:
    if text.startswith("“"):
        inner, _, said = text[1:].partition("”")
        if not said.endswith("。"):
            return []
        said = said[:-1]
        inner = inner[:-1] + "。" if inner.endswith("，") else inner
    else:
        said, _, rest = text.partition("：“")
        inner = rest[:-1]
        if not rest.endswith("”"):
            return []
    reader = ChineseReader(said, speech=False)
    sentences: list[tuple[Meaning, ...]] = [()]
    for sentence in split_sentences(inner, "zh"):
        sentences = [(*before, meaning) for before in sentences for meaning in read_sentence(sentence, speech=True)]
    found: list[Meaning] = []
    for middle, speaker in reader.remembered("phrase", 0):
        for verb, (_, _, alone, heard) in SAYING.items():
            if said[middle:] == alone:
                found += [("say", verb, speaker, None, quoted) for quoted in sentences]
            if not heard:
                continue
            before, _, after = heard.partition("{}")
            if said.startswith(before, middle):
                for end, listener in reader.remembered("P", middle + len(before)):
                    if said[end:] == after:
                        found += [("say", verb, speaker, listener, quoted) for quoted in sentences]
    return list(dict.fromkeys(found))
