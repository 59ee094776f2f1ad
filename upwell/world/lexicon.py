"""The words of the micro-world: English and Chinese pairs with everything that grammar and simulator need to know.

The pairs stand in `lexicon/*.tsv`, one file a class, and are read once. Within a class no two entries share an English
or a Chinese form, so a word found in a text names its entry. The columns are explained where the entries are defined.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

from upwell.world.inflection import ing_form, plural, regular_comparative, regular_past, superlative_of, third_person
from upwell.world.kinds import ADJECTIVE_KINDS, ADVERB_KINDS, ASPECTS, FRAMES, KINDS, TOPICS

FOLDER = Path(__file__).parent / "lexicon"


@dataclass(frozen=True, slots=True)
class Noun:
    """A noun. `plural` is empty when English does not count it; then `measure` counts it: a cup of tea, 一杯茶."""

    id: str
    english: str
    plural: str
    measure: str
    """The English word that counts an uncountable noun ("cup"); empty for the others."""
    chinese: str
    classifier: str
    kinds: frozenset[str]
    topic: str
    valence: int
    band: int
    """How common it is in a child's book, from 1 (every page) to 6 (once in many books)."""
    preposition: str
    """English preposition of what is there: in the kitchen, on the table, at the market. Empty: nothing is there."""
    locative: str
    """Chinese word after the noun that makes it a location (里 上 下 边). Empty: none is needed (在学校)."""
    rank: int

    @property
    def countable(self) -> bool:
        """Whether English counts it."""
        return bool(self.plural)

    @property
    def animate(self) -> bool:
        """Whether it is alive and acts: a person or an animal."""
        return "person" in self.kinds or "animal" in self.kinds

    @property
    def gender(self) -> str:
        """'m', 'f' or '' where the word does not say."""
        return "m" if "male" in self.kinds else "f" if "female" in self.kinds else ""


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb. English forms carry the particle where there is one: picked up."""

    id: str
    english: str
    past: str
    participle: str
    third: str
    ing: str
    chinese: str
    told: str
    """What follows the Chinese verb where it is told as done: mostly 了, but 大笑起来, 点了点头, 骑着."""
    frame: str
    subject: frozenset[str]
    """Kinds of which the subject needs one; "animate" is person or animal."""
    object: frozenset[str]
    """Kinds of which the object needs one; empty: it takes none; "any": everything."""
    topic: str
    valence: int
    band: int
    aspect: str
    marks: frozenset[str]
    """`plot`: plots need it. `ba`: natural with 把. `vo`: the Chinese is verb and object (唱歌), 了 may part them."""
    rank: int


@dataclass(frozen=True, slots=True)
class Adjective:
    """An adjective."""

    id: str
    english: str
    comparative: str
    """Empty when it has no degrees (empty, wooden)."""
    superlative: str
    chinese: str
    """Its plain form, as in comparisons: 更大."""
    attributive: str
    """As it stands before a noun: 大 as in 大狗, 漂亮的, 长长的."""
    predicate: str
    """What is said of a subject: 很大, 是红色的."""
    kind: str
    opposite: str
    applies: frozenset[str]
    """Kinds of nouns that it describes; "any": everything; "animate" is person or animal."""
    valence: int
    band: int
    causes: tuple[str, ...]
    """For a feeling: kinds of events that bring it."""
    rank: int

    @property
    def bare(self) -> bool:
        """Whether it stands before a Chinese noun without 的: 大狗, but 漂亮的狗."""
        return not self.attributive.endswith("的")


@dataclass(frozen=True, slots=True)
class Adverb:
    """An adverb; `position` is its place in an English clause (front, before the verb, or end)."""

    id: str
    english: str
    chinese: str
    kind: str
    position: str
    band: int
    rank: int


@dataclass(frozen=True, slots=True)
class Name:
    """A name, with the gender that both languages take it for."""

    id: str
    english: str
    chinese: str
    gender: str
    band: int
    rank: int


Entry = TypeVar("Entry", Noun, Verb, Adjective, Adverb, Name)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All entries, each class in the order of its ranks: the most common first."""

    nouns: tuple[Noun, ...]
    verbs: tuple[Verb, ...]
    adjectives: tuple[Adjective, ...]
    adverbs: tuple[Adverb, ...]
    names: tuple[Name, ...]
    noun: dict[str, Noun]
    """By id, which is the English form; so for the other classes."""
    verb: dict[str, Verb]
    adjective: dict[str, Adjective]
    adverb: dict[str, Adverb]
    name: dict[str, Name]

    def nouns_of(self, *kinds: str, without: Sequence[str] = ()) -> tuple[Noun, ...]:
        """The nouns that have every one of `kinds` and none of `without`, the most common first."""
        _check_kinds([*kinds, *without], "nouns_of")
        wanted, unwanted = frozenset(kinds), frozenset(without)
        return tuple(noun for noun in self.nouns if noun.kinds >= wanted and not noun.kinds & unwanted)

    def verbs_of(self, frame: str) -> tuple[Verb, ...]:
        """The verbs of a frame, the most common first."""
        if frame not in FRAMES:
            raise ValueError(f"unknown frame {frame!r}; the frames are {', '.join(FRAMES)}")
        return tuple(verb for verb in self.verbs if verb.frame == frame)

    def adjectives_of(self, kind: str) -> tuple[Adjective, ...]:
        """The adjectives of a kind, the most common first."""
        if kind not in ADJECTIVE_KINDS:
            raise ValueError(f"unknown kind of adjective {kind!r}; the kinds are {', '.join(ADJECTIVE_KINDS)}")
        return tuple(adjective for adjective in self.adjectives if adjective.kind == kind)

    def fits(self, wanted: frozenset[str], noun: Noun) -> bool:
        """Whether a noun has one of the wanted kinds, as the columns `subject`, `object` and `applies` give them."""
        return "any" in wanted or bool(wanted & noun.kinds) or ("animate" in wanted and noun.animate)

    def describes(self, adjective: Adjective, noun: Noun) -> bool:
        """Whether an adjective goes with a noun: its kind fits, and no 小 comes before a 大象."""
        doubled = adjective.kind == "size" and noun.chinese[0] in "大小"
        return self.fits(adjective.applies, noun) and not doubled


_KNOWN_KINDS = frozenset(KINDS) | {"any", "animate"}


def _check_kinds(kinds: Sequence[str], where: str) -> None:
    for kind in kinds:
        if kind not in _KNOWN_KINDS:
            raise ValueError(f"{where}: unknown kind {kind!r}; the kinds are {', '.join(KINDS)}")


class _Row:
    """One line of a table: its cells by column, and what is said when one is wrong."""

    __slots__ = ("cells", "where")

    def __init__(self, cells: dict[str, str], where: str) -> None:
        self.cells, self.where = cells, where

    def text(self, column: str) -> str:
        cell = self.cells[column]
        if not cell:
            raise ValueError(f"{self.where}: the column {column} is empty")
        return cell

    def or_empty(self, column: str) -> str:
        return self.cells[column]

    def one_of(self, column: str, allowed: Sequence[str]) -> str:
        cell = self.cells[column]
        if cell not in allowed:
            raise ValueError(f"{self.where}: {column} is {cell!r}; allowed: {', '.join(allowed)}")
        return cell

    def kinds(self, column: str) -> frozenset[str]:
        kinds = self.cells[column].split()
        if not _KNOWN_KINDS.issuperset(kinds):
            _check_kinds(kinds, f"{self.where}, {column}")
        return frozenset(kinds)

    def valence(self) -> int:
        return int(self.one_of("valence", ("-1", "0", "1")))

    def band(self) -> int:
        return int(self.one_of("band", ("1", "2", "3", "4", "5", "6")))


def _rows(path: Path, columns: Sequence[str]) -> Iterator[_Row]:
    """The lines of a table, the most common words first: by band, then in an order without pattern."""
    lines = path.read_text(encoding="utf-8").splitlines()
    if lines[0].split("\t") != list(columns):
        raise ValueError(f"{path.name}: the first line must name the columns {' '.join(columns)}")
    found = []
    for number, line in enumerate(lines[1:], 2):
        cells = line.split("\t")
        if len(cells) != len(columns):
            raise ValueError(f"{path.name}, line {number}: {len(cells)} cells, expected {len(columns)}")
        found.append(_Row(dict(zip(columns, cells, strict=True)), f"{path.name}, line {number}"))
    return iter(sorted(found, key=lambda row: (row.band(), zlib.crc32(row.cells["english"].encode()))))


def _noun(row: _Row, rank: int) -> Noun:
    english, kinds = row.text("english"), row.kinds("kinds")
    given = row.or_empty("plural")
    measure = row.or_empty("measure")
    if (given == "-") != bool(measure) and not kinds & {"weather", "abstract", "time", "material"}:
        raise ValueError(f"{row.where}: an uncountable noun (plural is -) needs a measure, and only that")
    return Noun(
        id=english,
        english=english,
        plural="" if given == "-" else given or plural(english),
        measure=measure,
        chinese=row.text("chinese"),
        classifier=row.text("classifier"),
        kinds=kinds,
        topic=row.one_of("topic", TOPICS),
        valence=row.valence(),
        band=row.band(),
        preposition=row.one_of("preposition", ("", "in", "on", "at", "by")),
        locative=row.one_of("locative", ("", "里", "上", "下", "边")),
        rank=rank,
    )


def _verb(row: _Row, rank: int) -> Verb:
    english = row.text("english")
    head, space, particle = english.partition(" ")
    past = row.or_empty("past") or regular_past(head)
    forms = {
        "past": past,
        "participle": row.or_empty("participle") or past,
        "third": third_person(head),
        "ing": row.or_empty("ing") or ing_form(head),
    }
    marks = frozenset(row.or_empty("marks").split())
    if marks - {"plot", "ba", "vo"}:
        raise ValueError(f"{row.where}: marks are plot, ba and vo, not {' '.join(sorted(marks))}")
    return Verb(
        id=english,
        english=english,
        **{name: form + space + particle for name, form in forms.items()},
        chinese=row.text("chinese"),
        told=row.or_empty("told"),
        frame=row.one_of("frame", FRAMES),
        subject=row.kinds("subject"),
        object=row.kinds("object"),
        topic=row.one_of("topic", TOPICS),
        valence=row.valence(),
        band=row.band(),
        aspect=row.one_of("aspect", ASPECTS),
        marks=marks,
        rank=rank,
    )


def _adjective(row: _Row, rank: int) -> Adjective:
    english, chinese = row.text("english"), row.text("chinese")
    comparative = row.text("comparative")
    if comparative == "-":
        comparative = ""
    elif comparative == "er":
        comparative = regular_comparative(english)
    elif comparative == "more":
        comparative = f"more {english}"
    return Adjective(
        id=english,
        english=english,
        comparative=comparative,
        superlative=superlative_of(comparative) if comparative else "",
        chinese=chinese,
        attributive=row.text("attributive"),
        predicate=row.or_empty("predicate") or f"很{chinese}",
        kind=row.one_of("kind", ADJECTIVE_KINDS),
        opposite=row.or_empty("opposite"),
        applies=row.kinds("applies"),
        valence=row.valence(),
        band=row.band(),
        causes=tuple(row.or_empty("causes").split()),
        rank=rank,
    )


def _adverb(row: _Row, rank: int) -> Adverb:
    english = row.text("english")
    position = row.one_of("position", ("front", "before", "end"))
    kind = row.one_of("kind", ADVERB_KINDS)
    return Adverb(english, english, row.text("chinese"), kind, position, row.band(), rank)


def _name(row: _Row, rank: int) -> Name:
    english = row.text("english")
    return Name(english, english, row.text("chinese"), row.one_of("gender", ("m", "f")), row.band(), rank)


def _class(name: str, columns: str, build: Callable[[_Row, int], Entry], folder: Path) -> tuple[Entry, ...]:
    entries: list[Entry] = []
    seen: dict[str, str] = {}
    for rank, row in enumerate(_rows(folder / f"{name}.tsv", columns.split())):
        entry = build(row, rank)
        for form in (entry.english, entry.chinese):
            if form in seen:
                raise ValueError(f"{row.where}: {form} stands already at {seen[form]}")
            seen[form] = row.where
        entries.append(entry)
    return tuple(entries)


def read_lexicon(folder: Path = FOLDER) -> Lexicon:
    """Reads and checks the tables of a folder; raises ValueError with file, line and what is wrong."""
    nouns = _class(
        "nouns",
        "english plural measure chinese classifier kinds topic valence band preposition locative",
        _noun,
        folder,
    )
    verbs = _class(
        "verbs",
        "english past participle ing chinese told frame subject object topic valence band aspect marks",
        _verb,
        folder,
    )
    adjectives = _class(
        "adjectives",
        "english comparative chinese attributive predicate kind opposite applies valence band causes",
        _adjective,
        folder,
    )
    adverbs = _class("adverbs", "english chinese kind position band", _adverb, folder)
    names = _class("names", "english chinese gender band", _name, folder)
    by_id = {adjective.id: adjective for adjective in adjectives}
    for adjective in adjectives:
        if adjective.opposite and by_id.get(adjective.opposite, adjective).opposite != adjective.id:
            raise ValueError(
                f"adjectives.tsv: {adjective.id} and {adjective.opposite} must name each other as opposite"
            )
    return Lexicon(
        nouns,
        verbs,
        adjectives,
        adverbs,
        names,
        {noun.id: noun for noun in nouns},
        {verb.id: verb for verb in verbs},
        by_id,
        {adverb.id: adverb for adverb in adverbs},
        {name.id: name for name in names},
    )


@cache
def lexicon() -> Lexicon:
    """The lexicon of the micro-world, read once in a process."""
    return read_lexicon()
