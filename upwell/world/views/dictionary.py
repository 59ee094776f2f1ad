"""Dictionary entries: a word in the other language, its forms, its opposite, its measure word.

All that is asked of one entry, and of two opposites, is in one split, so a held-out entry is met in no other
entry; it may stand in a story. Words are drawn by how common they are, measure words evenly.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

from upwell.text.examples import Example, language_of, prompt_format
from upwell.world.chance import Chance, Table
from upwell.world.lexicon import Adjective, Adverb, Noun, Verb, lexicon
from upwell.world.meaning import hash_of
from upwell.world.splits import split_of

Entry = Noun | Verb | Adjective | Adverb

BANDS = {1: (1, 2), 2: (1, 3), 3: (1, 6), 4: (4, 6)}
"""Most and least common band of the entries, by level."""
CLASSES = {
    Noun: ("noun", "名词"),
    Verb: ("verb", "动词"),
    Adjective: ("adjective", "形容词"),
    Adverb: ("adverb", "副词"),
}
QUESTIONS = {
    "en": {
        "translation": "in Chinese",
        "plural": "plural",
        "past": "past",
        "participle": "past participle",
        "comparative": "comparative",
        "opposite": "opposite",
    },
    "zh": {"translation": "英文", "classifier": "量词", "opposite": "反义词"},
}
WEIGHTS = {"translation": 6, "plural": 2, "past": 2, "participle": 1, "comparative": 1, "opposite": 1, "classifier": 3}


class Card(NamedTuple):
    """An entry and one thing to know of it."""

    entry: Entry
    answer: str


def entry_text(word: str, word_class: str) -> str:
    """A word with its class, as an entry is headed."""
    return f"{word}（{word_class}）" if language_of(word) == "zh" else f"{word} ({word_class})"


def make(chance: Chance, level: int, language: str, split: str) -> Example:
    """One entry of `level` in `split`."""
    before = chance.bits
    kind = chance.pick(_kinds(language, level, split))
    entry, answer = chance.pick(chance.pick(_cards(kind, language, level, split)))
    classes = CLASSES[type(entry)]
    word = entry_text(entry.chinese, classes[1]) if language == "zh" else entry_text(entry.english, classes[0])
    return Example(
        view="dictionary",
        kind=kind,
        language=language,
        level=level,
        split=split,
        prompt=prompt_format("dictionary", language).prompt(word=word, what=QUESTIONS[language][kind]),
        answer=answer,
        meaning=f"{hash_of(_meaning(entry)):016x}",
        bits=chance.bits - before,
        difficulty={"band": entry.band},
    )


def oracle(example: Example) -> str:
    """The answer, looked up in the lexicon by the words of the prompt."""
    fields = prompt_format("dictionary", example.language).fields(example.prompt)
    kind = next(kind for kind, said in QUESTIONS[example.language].items() if said == fields["what"])
    opening = "（" if example.language == "zh" else " ("
    word, said = fields["word"].rsplit(opening, 1)
    for entry in _entries():
        form = entry.chinese if example.language == "zh" else entry.english
        if form == word and CLASSES[type(entry)][example.language == "zh"] == said[:-1]:
            return _answer(entry, kind, example.language)
    raise ValueError(f"{word}: not in the lexicon")


def chance_level(example: Example) -> float:
    """Guessing among the measure words, or among the words of the level."""
    if example.kind == "classifier":
        return 1 / len({noun.classifier for noun in lexicon().nouns})
    low, high = BANDS[example.level]
    return 1 / sum(low <= entry.band <= high for entry in _entries())


@functools.cache
def _entries() -> tuple[Entry, ...]:
    words = lexicon()
    return (*words.nouns, *words.verbs, *words.adjectives, *words.adverbs)


def _meaning(entry: Entry) -> tuple[str, str, str]:
    name = entry.id
    if isinstance(entry, Adjective) and entry.opposite:
        name = min(entry.id, entry.opposite)
    return ("entry", CLASSES[type(entry)][0], name)


def _answer(entry: Entry, kind: str, language: str) -> str:
    """What the entry says to a question of `kind`; empty where it has no such form."""
    if kind == "translation":
        return entry.english if language == "zh" else entry.chinese
    if kind == "opposite":
        opposite = lexicon().adjective.get(entry.opposite) if isinstance(entry, Adjective) else None
        return "" if opposite is None else opposite.chinese if language == "zh" else opposite.english
    return str(getattr(entry, kind, ""))


@functools.cache
def _kinds(language: str, level: int, split: str) -> Table[str]:
    """What may be asked: the kinds that some entry of the level and split has an answer to."""
    kinds = [kind for kind in QUESTIONS[language] if _groups(kind, language, level, split)]
    return Table(kinds, [WEIGHTS[kind] for kind in kinds])


@functools.cache
def _cards(kind: str, language: str, level: int, split: str) -> Table[Table[Card]]:
    groups = _groups(kind, language, level, split)
    return Table([Table.zipf(sorted(cards, key=lambda card: card.entry.rank)) for cards in groups])


def _groups(kind: str, language: str, level: int, split: str) -> list[list[Card]]:
    """The cards of a kind: those of a measure word together, which are drawn evenly; else all together."""
    low, high = BANDS[level]
    groups: dict[str, list[Card]] = {}
    for entry in _entries():
        answer = _answer(entry, kind, language)
        if answer and low <= entry.band <= high and split_of(_meaning(entry)) == split:
            groups.setdefault(answer if kind == "classifier" else "", []).append(Card(entry, answer))
    return list(groups.values())
