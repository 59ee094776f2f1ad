"""Reading Chinese phrases, and the network of the Chinese templates, character by character."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from upwell.world import chinese_phrases
from upwell.world.chinese_phrases import described, plain_phrase, quality_text
from upwell.world.constructions import (
    Construction,
    constructions,
    manner_adverbs,
    moods_of,
)
from upwell.world.lexicon import lexicon
from upwell.world.meaning import MANY, MASS, Meaning, Phrase, sorted_adjectives
from upwell.world.numerals import parse_chinese_number
from upwell.world.parser import (
    Node,
    Reader,
    Reading,
    fits_slot,
    is_alive,
    is_asked,
    is_place,
    is_placed,
    relative_mood_fits,
    relativizable,
)
from upwell.world.passive import MOODS
from upwell.world.wording import PASSIVE

_PERSONAL = {"我": "i", "你": "you", "我们": "we", "他": "he", "她": "she", "它": "it", "他们": "they", "她们": "they",
             "它们": "they", "自己": "self"}  # fmt: skip
_ASKED = {"谁": "who", "什么": "what"}


@cache
def _words(kind: str) -> dict[str, list[tuple[str, Any]]]:
    """Chinese words of a kind by their first character, with what they mean."""
    known = lexicon()
    forms: list[tuple[str, Any]]
    if kind == "noun":
        forms = [(entry.chinese, entry.id) for entry in known.nouns]
    elif kind == "name":
        forms = [(entry.chinese, entry.id) for entry in known.names]
    elif kind == "attribute":
        forms = [(entry.attributive, entry.id) for entry in known.adjectives]
    elif kind == "adverb":
        forms = [(known.adverb[word].chinese, word) for word in manner_adverbs()]
    elif kind == "plain":
        forms = [(entry.chinese, entry.id) for entry in known.adjectives]
    elif kind == "classifier":
        forms = [(text, text) for text in sorted({entry.classifier for entry in known.nouns})]
    else:
        forms = []
        for entry in known.adjectives:
            for mood in ("past", "not", "would", "asked"):
                text = quality_text(entry.id, "past" if mood == "asked" else mood, mood == "asked")
                forms.append((text, (mood, entry.id)))
            for degree in ("very", "too", "so"):
                forms.append((quality_text((degree, entry.id), "past"), ("past", (degree, entry.id))))
    found: dict[str, list[tuple[str, Any]]] = {}
    for text, value in forms:
        found.setdefault(text[0], []).append((text, value))
    return found


def pieces_of(construction: Construction, template: tuple[str, tuple[int, ...]]) -> list[str | tuple[str, int]]:
    """A template as characters and slots."""
    form, order = template
    pieces: list[str | tuple[str, int]] = []
    for index, part in enumerate(form.split("%s")):
        if index:
            number = order[index - 1]
            pieces.append(("X", 9) if number == 9 else (construction.slots[number], number))
        pieces += list(part)
    return pieces


@cache
def network(form: str, speech: bool, habit: bool = False) -> Node:
    """The templates of a form: doing, bare (told, where the subject is not first), base, asked, bare asked."""
    root = Node()
    for construction in constructions().values():
        for mood in ("inf",) if form == "base" else moods_of(construction, speech=speech):
            for known in (True, False):
                for adjunct in (False, True):
                    _add(root, construction, mood, known, adjunct, form, habit)
    return root


def _add(root: Node, construction: Construction, mood: str, known: bool, adjunct: bool, form: str, habit: bool) -> None:
    told = {"bare": "told", "base": "doing", "bare asked": "asked"}.get(form, form)
    said = "habit" if habit and mood == "past" and construction.aspect in ("event", "activity") else mood
    for template in chinese_phrases.templates(construction.id, said, known, told, adjunct):
        if adjunct and 9 not in template[1]:
            continue
        pieces = pieces_of(construction, template)
        if form == "asked":
            if pieces[0] != (construction.slots[:1], 0):
                continue
            pieces = pieces[1:]
        if form.startswith("bare") and pieces[0] == (construction.slots[:1], 0) and mood != "lets":
            continue
        root.add(pieces, (construction.id, mood, "known" if known else ""))
        if form == "base":
            break


@cache
def passives() -> Node:
    """What follows the subject of a clause with 被."""
    root = Node()
    for name in sorted(PASSIVE):
        for mood in MOODS:
            for template in chinese_phrases.passive_templates(name, mood):
                root.add(pieces_of(constructions()[name], template)[1:], (name, mood, "known"))
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
            way = chinese_phrases.templates(
                construction.id, "related" if mood == "past" else mood, False, "doing", False
            )[0]
            pieces = pieces_of(construction, way)
            subject_gap.add([*pieces, "的"], (construction.id, mood, ""))
            if construction.slots[1] in "NPOD":
                object_gap.add([*[piece for piece in pieces if type(piece) is str], "的"], (construction.id, mood, ""))
    return subject_gap, object_gap


class ChinesePhraseReader(Reader):
    """Reads the phrases and places of one Chinese sentence; its tokens are characters."""

    def __init__(self, text: str, *, speech: bool, asking: bool = False, habit: bool = False) -> None:
        super().__init__(text, speech=speech)
        self.habit = habit
        self.text = text
        self.asking = asking

    def listed(self, kind: str, place: int) -> Reading:
        """Words of a kind that stand at a place."""
        if place >= self.length:
            return []
        text = self.text
        return [
            (place + len(word), value)
            for word, value in _words(kind).get(text[place], ())
            if text.startswith(word, place)
        ]

    def slot(self, kind: str, place: int) -> Reading:
        """Read an argument of a kind at a place."""
        if kind == "phrase":
            return self._phrases(place)
        if kind in "NPODBW":
            return [
                pair
                for pair in self.remembered("phrase", place)
                if pair[1] != "self" and fits_slot(kind, pair[1]) and not is_placed(pair[1])
                if kind != "D" or not _is_bare(pair[1]) or self.text[place : pair[0]] == plain_phrase(pair[1], True)
            ]
        if kind == "C":
            return [(end + 1, value) for end, value in self.remembered("N", place) if self.text.startswith("里", end)]
        if kind == "L":
            return [pair for pair in self._places(place) if not is_placed(pair[1])]
        if kind == "T":
            words = [
                (text, word) for word, text in chinese_phrases.GOAL_WORDS.items() if self.asking or word != "where?"
            ]
            found: Reading = [(place + len(text), word) for text, word in words if self.text.startswith(text, place)]
            return found + [
                pair for pair in self.remembered("N", place) if type(pair[1]) is tuple and pair[1][0] == "n"
            ]
        if kind == "A":
            return self.listed("quality", place)
        if kind == "K":
            found = self.listed("plain", place)
            return [*found, *[(end, ("as", value)) for end, value in found]]
        if kind == "G":
            return self.listed("noun", place)
        if kind == "V":
            return self.bases(place)
        if kind == "X":
            return self.adjuncts(place)
        raise AssertionError(kind)

    # phrases

    def _phrases(self, place: int) -> Reading:
        singles = self._singles(place)
        found = list(singles)
        for end, first in singles:
            self._together(end, [first], found)
        return [pair for pair in found if self.asking or not holds_question(pair[1])]

    def _together(self, place: int, parts: list[Phrase], found: Reading) -> None:
        if self.text.startswith("和", place):
            for end, last in self._singles(place + 1):
                found.append((end, ("and", *parts, last)))
        elif self.text.startswith("、", place):
            for end, following in self._singles(place + 1):
                self._together(end, [*parts, following], found)

    def _singles(self, place: int) -> Reading:
        key = ("singles", place)
        found = self.memory.get(key)
        if found is None:
            self.memory[key] = []  # a phrase does not begin with itself but by what follows below
            found = self.memory[key] = self._read_singles(place)
        return found

    def _read_singles(self, place: int) -> Reading:
        found: dict[tuple[int, Any], None] = {}
        agenda: Reading = []

        def note(pairs: Iterable[tuple[int, Any]]) -> None:
            for pair in pairs:
                if pair not in found:
                    found[pair] = None
                    agenda.append(pair)

        if place >= self.length:
            return []
        text = self.text
        for word, value in _PERSONAL.items():
            if text.startswith(word, place):
                note([(place + len(word), value)])
                note(self._kin(place, place + len(word), value, word))
        for word, value in _ASKED.items():
            if text.startswith(word, place):
                note([(place + len(word), value)])
        note(self.listed("name", place))
        note(self._described(place, place, "the", ()))
        without_subject, without_object = relatives()
        if text[place] in without_subject.literals:
            for end, (name, mood, _), filled in self.walk(without_subject, place):
                if self._mood_fits(name, mood):
                    note(self._described(place, end, "the", (("rel", 0, (name, mood, "_", filled[1])),)))
        while agenda:
            end, phrase = agenda.pop()
            if end >= self.length:
                continue
            if text[end] == "的" and can_own(phrase):
                note(self._described(place, end + 1, ("of", phrase), ()))
            if text[end] == "那" and not (type(phrase) is str and phrase in ("who", "what")):
                note(self._described(place, end, ("of", phrase), ()))
            if type(phrase) is tuple and phrase[0] == "n":
                for stop, where in self._located(end, phrase):
                    if text.startswith("的", stop):
                        note(self._described(place, stop + 1, "the", (("pp", where),)))
            for stop, (name, mood, _), _ in self.walk(without_object, end):
                if self._mood_fits(name, mood):
                    note(self._described(place, stop, "the", (("rel", 1, (name, mood, phrase, "_")),)))
        return list(found)

    def _mood_fits(self, name: str, mood: str) -> bool:
        return relative_mood_fits(constructions()[name], mood, speech=self.speech)

    def _kin(self, start: int, place: int, owner: str, word: str) -> Reading:
        """His mother, without 的."""
        found: Reading = []
        for end, noun in self.listed("noun", place):
            phrase = ("n", ("of", owner), 1, noun, (), ())
            if "kin" in lexicon().noun[noun].kinds and described(phrase, word, False) == self.text[start:end]:
                found.append((end, phrase))
        return found

    def _described(self, start: int, place: int, det: Any, mods: tuple[Meaning, ...]) -> Reading:
        """Descriptions whose words from `start` to `place` were read already; kept if they would be said just so."""
        found: Reading = []
        for begin, word_det, count, classifier, inner in self._counted(place):
            if inner and mods:
                continue
            for end, adjectives in self._attributes(begin):
                for stop, noun in self.listed("noun", end):
                    entry = lexicon().noun[noun]
                    if classifier and entry.classifier != classifier:
                        continue
                    number = count
                    if (
                        (count == 1 and not entry.plural and not entry.measure)
                        or (count == 1 and entry.measure and not classifier)
                        or (count == MANY and not entry.plural and not entry.measure)
                        or (count == MANY and entry.measure)
                    ):
                        number = MASS
                    chosen = det if type(det) is tuple else word_det
                    phrase = ("n", chosen, number, noun, sorted_adjectives(adjectives), (*mods, *inner))
                    for more in (("们", MANY), ("", number)):
                        if more[0] and not self.text.startswith(more[0], stop):
                            continue
                        whole = ("n", chosen, more[1], *phrase[3:])
                        finish = stop + len(more[0])
                        if self._is_said(whole, self.text[start:finish]):
                            found.append((finish, whole))
                            if chosen == "all" and self.text.startswith("都", finish):
                                found.append((finish + 1, whole))
        return found

    def _is_said(self, phrase: Phrase, text: str) -> bool:
        det = phrase[1]
        if type(det) is tuple:
            owner = det[1]
            if type(owner) is str and owner in (*chinese_phrases.PERSONS, "they", "self"):
                words = [word for word, value in (*_PERSONAL.items(), *_ASKED.items()) if value == owner]
                return any(described(phrase, word, False) == text for word in words)
            return plain_phrase(phrase) == text
        return text in (plain_phrase(phrase), plain_phrase(phrase, True))

    def _counted(self, place: int) -> list[tuple[int, str, Any, str, tuple[Meaning, ...]]]:
        """What comes before adjectives and noun: where it ends, determiner, count, classifier, a relative clause."""
        text = self.text
        found: list[tuple[int, str, Any, str, tuple[Meaning, ...]]] = [(place, "the", 1, "", ())]
        for word, det, count in (("一些", "some", MANY), ("很多", "many", MANY), ("所有的", "all", MANY),
                                 ("这些", "this", MANY), ("那些", "the", MANY)):  # fmt: skip
            if text.startswith(word, place):
                found.append((place + len(word), det, count, "", ()))
        openings: list[tuple[int, str, Any]] = []
        for word, det, number in (
            ("另一", "another", 1),
            ("几", "few", MANY),
            ("几", "a", "?"),
            ("这", "this", 1),
            ("那", "the", 1),
        ):
            if text.startswith(word, place):
                openings.append((place + len(word), det, number))
                if word in "这那":
                    openings += [
                        (end, det, value) for end, value in parse_chinese_number(text, place + 1, counting=True)
                    ]
        openings += [(end, "a", value) for end, value in parse_chinese_number(text, place, counting=True)]
        for end, det, number in openings:
            for stop, classifier in self.listed("classifier", end):
                found.append((stop, det, number, classifier, ()))
                if det == "a":
                    found += [(after, det, number, classifier, (mod,)) for after, mod in self._inner_relatives(stop)]
        return found

    def _inner_relatives(self, place: int) -> Reading:
        """Relative clauses after a classifier: 一只追猫的狗."""
        without_subject, without_object = relatives()
        found: Reading = [
            (end, ("rel", 0, (name, mood, "_", filled[1])))
            for end, (name, mood, _), filled in self.walk(without_subject, place)
            if self._mood_fits(name, mood)
        ]
        for middle, subject in self._singles(place):
            for end, (name, mood, _), _ in self.walk(without_object, middle):
                if self._mood_fits(name, mood):
                    found.append((end, ("rel", 1, (name, mood, subject, "_"))))
        return found

    def _attributes(self, place: int) -> list[tuple[int, tuple[str, ...]]]:
        found: list[tuple[int, tuple[str, ...]]] = [(place, ())]
        for end, adjectives in found:
            found += [
                (stop, (*adjectives, word)) for stop, word in self.listed("attribute", end) if word not in adjectives
            ]
        return found

    def _located(self, place: int, phrase: Phrase) -> Reading:
        """The place words after a phrase: 盒子 + 里."""
        found: Reading = []
        noun = lexicon().noun[phrase[3]]
        if is_place(phrase) and self.text.startswith(noun.locative, place):
            found.append((place + len(noun.locative), ("at", phrase)))
        for relation, word in chinese_phrases.LOCATIVES.items():
            if self.text.startswith(word, place) and (relation not in ("in", "on") or not is_place(phrase)):
                found.append((place + len(word), (relation, phrase)))
        return found

    def _places(self, place: int) -> Reading:
        words = [(text, word) for word, text in chinese_phrases.PLACE_WORDS.items() if self.asking or word != "where?"]
        found: Reading = [(place + len(text), word) for text, word in words if self.text.startswith(text, place)]
        for end, phrase in self.remembered("phrase", place):
            if type(phrase) is tuple and phrase[0] == "n":
                found += self._located(end, phrase)
        return found


def can_own(phrase: Phrase) -> bool:
    """Whether something belongs to whom a phrase names: persons and animals own things, places do not."""
    return is_alive(phrase) is not False


def _is_bare(phrase: Phrase) -> bool:
    """Whether a phrase of what is known may stand bare."""
    return type(phrase) is tuple and phrase[:3] in (("n", "the", 1), ("n", "the", MASS))


def holds_question(value: Any) -> bool:
    """Whether something is asked for anywhere in a value."""
    if type(value) is tuple:
        return is_asked(value) or any(holds_question(part) for part in value)
    return value in ("who", "what", "where?")
