"""Reading English phrases, and the network of the English templates."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from upwell.world import english_phrases
from upwell.world.constructions import (
    Construction,
    constructions,
    manner_adverbs,
    moods_of,
)
from upwell.world.english_phrases import described, number_of, plain_phrase, possessive
from upwell.world.lexicon import Noun, lexicon
from upwell.world.meaning import MANY, MASS, Phrase, sorted_adjectives
from upwell.world.numerals import parse_english_number
from upwell.world.parser import (
    Node,
    Reader,
    Reading,
    can_relate,
    fits_slot,
    is_asked,
    is_place,
    is_placed,
    relative_mood_fits,
    relativizable,
)
from upwell.world.passive import MOODS
from upwell.world.wording import PASSIVE

WORD = re.compile(r"'s\b|'(?=\s)|\w+(?:['-](?!s\b)\w+)*|[^\w\s]")
_PERSONAL = {"I": "i", "me": "i", "you": "you", "we": "we", "us": "we", "he": "he", "him": "he", "she": "she",
             "her": "she", "it": "it", "they": "they", "them": "they"}  # fmt: skip
_OWNERS = {form: person for person, form in english_phrases.POSSESSIVES.items()}
_DETERMINERS: dict[tuple[str, ...], str] = {
    ("a",): "a", ("an",): "a", ("the",): "the", ("this",): "this", ("these",): "this", ("all", "the"): "all",
    ("many",): "many", ("some",): "some", ("a", "few"): "few", ("another",): "another",
}  # fmt: skip


def tokens_of(text: str) -> list[str]:
    """The words and marks of an English sentence; the first word as it would stand within."""
    found = WORD.findall(text)
    if found and found[0] not in lexicon().name and found[0] != "I":
        found[0] = found[0][0].lower() + found[0][1:]
    return found


@cache
def _nouns() -> dict[str, list[tuple[tuple[str, ...], Noun, str]]]:
    """Forms of nouns by their first word: the words, the noun, and s for one or p for several."""
    found: dict[str, list[tuple[tuple[str, ...], Noun, str]]] = {}
    for noun in lexicon().nouns:
        forms = [(noun.english, "s")]
        if noun.plural:
            forms.append((noun.plural, "p"))
        for form, number in forms:
            words = tuple(form.split())
            found.setdefault(words[0], []).append((words, noun, number))
    return found


@cache
def _measures() -> dict[str, tuple[str, str]]:
    """Words that measure, with their number."""
    found = {}
    for noun in lexicon().nouns:
        if noun.measure:
            found[noun.measure] = (noun.measure, "s")
            found[english_phrases.measure_plural(noun.measure)] = (noun.measure, "p")
    return found


@cache
def _words(kind: str) -> dict[str, list[tuple[tuple[str, ...], str]]]:
    """Adjectives, comparatives or adverbs by their first word."""
    if kind == "comparative":
        forms = [(entry.comparative, entry.id) for entry in lexicon().adjectives if entry.comparative]
    elif kind == "adjective":
        forms = [(entry.english, entry.id) for entry in lexicon().adjectives]
    else:
        forms = [(word, word) for word in manner_adverbs()]
    found: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for form, word in forms:
        parts = tuple(form.split())
        found.setdefault(parts[0], []).append((parts, word))
    return found


def pieces_of(construction: Construction, template: tuple[str, tuple[int, ...]]) -> list[str | tuple[str, int]]:
    """A template as words and slots."""
    form, order = template
    left = iter(order)
    return [
        (construction.slots[index], index) if word == "%s" and (index := next(left)) >= 0 else word
        for word in WORD.findall(form.replace("%s", "SLOT"))
        for word in ["%s" if word == "SLOT" else word]
    ]


@cache
def network(form: str, speech: bool) -> Node:
    """The templates of a form: doing, bare (told, where the subject is not first), base, asked, hole."""
    root = Node()
    for construction in constructions().values():
        moods = ("inf",) if form == "base" else moods_of(construction, speech=speech)
        for mood in moods:
            for number in "spi":
                for kind in ("hole1", "hole2") if form == "hole" else (form,):
                    _add(root, construction, mood, number, kind)
    return root


def _add(root: Node, construction: Construction, mood: str, number: str, form: str) -> None:
    told = "told" if form == "bare" else form
    for template in english_phrases.templates(construction.id, mood, number, told):
        pieces = pieces_of(construction, template)
        if form == "bare" and any(
            template[0] == f"%s {way}" for way, _ in english_phrases.templates(construction.id, mood, number, "doing")
        ):
            continue
        if form.startswith("hole"):
            index = int(form[4])
            if index >= len(construction.slots):
                continue
            pieces[0] = ("wh" + construction.slots[index], index)
        if form == "asked" or form.startswith("hole"):
            pieces = [
                ("subject " + piece[0], 0) if type(piece) is tuple and piece[1] == 0 else piece for piece in pieces
            ]
        root.add(pieces, (construction.id, mood, number))
        if form == "base":
            break


@cache
def passives() -> Node:
    """What follows the subject of a passive."""
    root = Node()
    for name in sorted(PASSIVE):
        for mood in MOODS:
            for number in "sp":
                for template in english_phrases.passive_templates(name, mood, number):
                    root.add(pieces_of(constructions()[name], template)[1:], (name, mood, number))
    return root


@cache
def relatives() -> tuple[Node, Node]:
    """Relative clauses: without subject; and without argument 1."""
    subject_gap, object_gap = Node(), Node()
    for construction in constructions().values():
        if not relativizable(construction):
            continue
        for mood in ("past", "not", "pres", "prog"):
            if mood not in (*moods_of(construction, speech=False), *moods_of(construction, speech=True)):
                continue
            for number in "spi":
                template = english_phrases.templates(construction.id, mood, number, "doing")[0]
                pieces = pieces_of(construction, template)
                subject_gap.add(pieces, (construction.id, mood, number))
                if construction.slots[1] in "NPOD":
                    object_gap.add(pieces[:-1], (construction.id, mood, number))
    return subject_gap, object_gap


class EnglishPhraseReader(Reader):
    """Reads the phrases, places and deeds of one English sentence."""

    def matches(self, words: tuple[str, ...], place: int) -> bool:
        """Whether these words stand at a place."""
        return tuple(self.tokens[place : place + len(words)]) == words

    def slot(self, kind: str, place: int) -> Reading:
        """Read an argument of a kind at a place."""
        if kind in ("phrase", "subject"):
            return self._phrases(place)
        if kind.startswith("subject "):
            return [
                (end, value)
                for end, value in self.remembered("phrase", place)
                if fits_slot(kind[8:], value) and self.tokens[end - 1] not in ("me", "him", "them", "us")
            ]
        if kind in "NPODBCW":
            return [
                (end, value)
                for end, value in self.remembered("phrase", place)
                if fits_slot(kind, value)
                and not is_placed(value)
                and self.tokens[end - 1] not in ("I", "he", "she", "we", "they")
            ]
        if kind == "L":
            return [pair for pair in self.remembered("inner place", place) if not is_placed(pair[1])]
        if kind == "inner place":
            return self._places(place)
        if kind == "T":
            return self._goals(place)
        if kind == "A":
            found = self.listed("adjective", place)
            if place < self.length and self.tokens[place] in ("very", "too", "so"):
                found += [(end, (self.tokens[place], word)) for end, word in self.listed("adjective", place + 1)]
            return found
        if kind == "K":
            found = self.listed("comparative", place)
            return found + [(end, ("as", word)) for end, word in self.listed("adjective", place)]
        if kind == "G":
            return [
                (place + len(words), noun.id)
                for words, noun, number in _nouns().get(self.tokens[place] if place < self.length else "", ())
                if self.matches(words, place) and (number == "p") == bool(noun.plural)
            ]
        if kind == "V":
            return self.bases(place)
        if kind.startswith("wh"):
            return self._asked(kind[2:], place)
        raise AssertionError(kind)

    def listed(self, kind: str, place: int) -> Reading:
        """Words of a kind that stand at a place."""
        if place >= self.length:
            return []
        return [
            (place + len(words), word)
            for words, word in _words(kind).get(self.tokens[place], ())
            if self.matches(words, place)
        ]

    def _asked(self, slot: str, place: int) -> Reading:
        word = self.tokens[place] if place < self.length else ""
        if slot in "LT":
            return [(place + 1, "where?")] if word == "where" else []
        if slot not in "NPODB":
            return []
        if word in ("who", "what"):
            return [(place + 1, word)]
        return [pair for pair in self.remembered("phrase", place) if is_asked(pair[1])]

    # phrases

    def _phrases(self, place: int) -> Reading:
        singles = self._singles(place)
        found = list(singles)
        for end, first in singles:
            self._together(end, [first], found)
        return found

    def _together(self, place: int, parts: list[Phrase], found: Reading) -> None:
        if place >= self.length:
            return
        if self.tokens[place] == "and":
            for end, last in self._singles(place + 1):
                found.append((end, ("and", *parts, last)))
        elif self.tokens[place] == ",":
            for end, following in self._singles(place + 1):
                self._together(end, [*parts, following], found)

    def _singles(self, place: int) -> Reading:
        key = ("singles", place)
        found = self.memory.get(key)
        if found is None:
            found = self.memory[key] = self._read_singles(place)
        return found

    def _read_singles(self, place: int) -> Reading:
        if place >= self.length:
            return []
        word = self.tokens[place]
        found: Reading = []
        if word in _PERSONAL:
            found.append((place + 1, _PERSONAL[word]))
        if word in ("who", "what"):
            found.append((place + 1, word))
        if word in lexicon().name:
            found.append((place + 1, word))
        if word in _OWNERS:
            found += self._described(place + 1, ("of", _OWNERS[word]), word)
        elif word == "whose":
            found += self._described(place + 1, ("of", "who"), word)
        for words, det in _DETERMINERS.items():
            if self.matches(words, place):
                found += self._described(place + len(words), det, "")
        found += self._described(place, "a", "")
        if self.matches(("how", "many"), place):
            found += self._described(place + 2, "?", "")
        # whose: a phrase before 's
        agenda = list(found)
        while agenda:
            end, owner = agenda.pop()
            if end < self.length and self.tokens[end] in ("'s", "'") and owner not in ("i", "you", "who", "what"):
                whose = possessive(owner)
                if whose.endswith(self.tokens[end]):
                    more = self._described(end + 1, ("of", owner), whose)
                    found += more
                    agenda += more
        return found

    def _described(self, place: int, det: Any, owner: str) -> Reading:
        """Descriptions after their determiner; each is kept if it would be said just so."""
        found: Reading = []
        starts: list[tuple[int, int | str]] = [(place, 1)]
        if det == "?":
            starts = [(place, "?")]
        else:
            starts += parse_english_number(list(self.tokens), place)
        for start, number in starts:
            for end, adjectives in self._adjectives(start):
                for stop, noun, count, more in self._heads(end, number, det):
                    if det == "a" and count in (MANY, MASS):
                        continue  # a kind, not a thing
                    phrase = (
                        "n",
                        "a" if det == "?" else det,
                        count,
                        noun.id,
                        sorted_adjectives((*adjectives, *more)),
                        (),
                    )
                    text = described(phrase, owner) if owner else plain_phrase(phrase)
                    start_of_text = stop - len(WORD.findall(text))
                    if start_of_text >= 0 and WORD.findall(text) == list(self.tokens[start_of_text:stop]):
                        found.append((stop, phrase))
                        if not owner:
                            found += self._modified(stop, phrase)
        return found

    def _adjectives(self, place: int) -> list[tuple[int, tuple[str, ...]]]:
        found: list[tuple[int, tuple[str, ...]]] = [(place, ())]
        for end, adjectives in found:
            found += [(stop, (*adjectives, word)) for stop, word in self.listed("adjective", end)]
        return found

    def _heads(self, place: int, number: int | str, det: Any) -> list[tuple[int, Noun, Any, tuple[str, ...]]]:
        found: list[tuple[int, Noun, Any, tuple[str, ...]]] = []
        if place >= self.length:
            return found
        word = self.tokens[place]
        for words, noun, form in _nouns().get(word, ()):
            if not self.matches(words, place):
                continue
            end = place + len(words)
            if number == "?" and form == "p":
                found.append((end, noun, "?", ()))
            elif number == 1 and not noun.plural:
                found.append((end, noun, MASS, ()))
            elif number == 1 and (
                noun.plural != noun.english or (form == "s" and det not in ("many", "some", "few", "all"))
            ):
                found.append((end, noun, 1 if form == "s" else MANY, ()))
            elif number == 1 and det in ("many", "some", "few", "all"):
                found.append((end, noun, MANY, ()))
            elif number not in (1, "?") and form == "p":
                found.append((end, noun, number, ()))
        measure = _measures().get(word)
        if measure and place + 1 < self.length and self.tokens[place + 1] == "of":
            for start, adjectives in self._adjectives(place + 2):
                for words, noun, _ in _nouns().get(self.tokens[start] if start < self.length else "", ()):
                    if noun.measure == measure[0] and self.matches(words, start):
                        count = number if measure[1] == "p" and number != 1 else 1 if measure[1] == "s" else MANY
                        found.append((start + len(words), noun, count, adjectives))
        return found

    def _modified(self, place: int, phrase: Phrase) -> Reading:
        """The phrase with a place or a relative clause after it."""
        found: Reading = []
        for end, where in self.remembered("inner place", place):
            if type(where) is tuple:
                found.append((end, (*phrase[:5], (("pp", where),))))
        if place < self.length and self.tokens[place] in ("that", "who", "whom"):
            person = "person" in lexicon().noun[phrase[3]].kinds
            word, object_word = ("who", "whom") if person else ("that", "that")
            without_subject, without_object = relatives()
            if self.tokens[place] == word:
                for end, (name, mood, number), filled in self.walk(without_subject, place + 1):
                    if number == number_of(phrase) and self._mood_fits(name, mood):
                        clause = (name, mood, "_", filled[1])
                        found.append((end, (*phrase[:5], (("rel", 0, clause),))))
            if self.tokens[place] == object_word:
                for middle, subject in self.remembered("phrase", place + 1):
                    for end, (name, mood, number), _ in self.walk(without_object, middle):
                        if number == number_of(subject) and self._mood_fits(name, mood):
                            found.append((end, (*phrase[:5], (("rel", 1, (name, mood, subject, "_")),))))
        return found

    def _mood_fits(self, name: str, mood: str) -> bool:
        return relative_mood_fits(constructions()[name], mood, speech=self.speech)

    def _places(self, place: int) -> Reading:
        found: Reading = []
        if place >= self.length:
            return found
        if self.matches(("at", "home"), place):
            found.append((place + 2, "home"))
        word = self.tokens[place]
        if word in ("here", "there"):
            found.append((place + 1, word))
        if word == "where":
            found.append((place + 1, "where?"))
        for relation, preposition in english_phrases.PREPOSITIONS.items():
            words = tuple(preposition.split())
            if self.matches(words, place):
                for end, phrase in self.remembered("phrase", place + len(words)):
                    if type(phrase) is tuple and phrase[0] == "n" and can_relate(relation, phrase):
                        found.append((end, (relation, phrase)))
        if word in ("in", "on", "at", "by"):
            for end, phrase in self.remembered("phrase", place + 1):
                known = type(phrase) is tuple and phrase[0] == "n" and is_place(phrase)
                if known and (lexicon().noun[phrase[3]].preposition or "at") == word:
                    found.append((end, ("at", phrase)))
        return found

    def _goals(self, place: int) -> Reading:
        if place >= self.length:
            return []
        word = self.tokens[place]
        if word in ("here", "there"):
            return [(place + 1, word)]
        if word == "where":
            return [(place + 1, "where?")]
        if word == "to":
            return [pair for pair in self.remembered("N", place + 1) if type(pair[1]) is tuple]
        return []
