"""Forms of verse: how long the lines of a tune are, what marks end them, which rhyme with which, and where tones are fixed.

They are learned from poems. The form of a tune is the most frequent sequence of lengths and marks among its poems; which of
its lines rhyme, and which tones it wants, is what those poems agree in.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from upwell.errors import UserError
from upwell.text.verse.readings import EITHER, LEVEL, OBLIQUE, is_character, reading_of

MIN_POEMS = 5
"""Of one form: fewer show too little of what they agree in."""
MIN_RHYME_SHARE, CHANCE = 0.35, 0.1
"""Lines rhyme where at least this share of poems have their ends in one class; by chance a tenth has."""
TONE_SHARE = 0.8
"""Of the poems that must agree in the tone of a character: docs/experiments.md, "writing"."""
LOST = "□"
"""Stands for a character that has been lost."""

_LINE = re.compile(rf"((?:[\u3400-\u9fff\U00020000-\U0003ffff]|{LOST})+)([^\u3400-\u9fff\U00020000-\U0003ffff{LOST}]*)")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of verse, up to a mark."""

    length: int
    """Characters."""
    mark: str
    """What follows them: punctuation, the end of a line of print; may be empty at the end of the text."""
    rhyme: int | None = None
    """Lines with the same number rhyme with each other."""
    tones: str = ""
    """For each character LEVEL, OBLIQUE or EITHER."""


@dataclass(frozen=True, slots=True)
class Form:
    """The form of a tune, and how sure it is."""

    lines: tuple[Line, ...]
    num_poems: int
    """Poems in which it was found."""
    share: float
    """Of all poems of the tune."""

    @property
    def num_characters(self) -> int:
        """Of a text in this form, marks included."""
        return sum(line.length + len(line.mark) for line in self.lines)

    def describe(self) -> str:
        """Lengths and marks, in how many poems they were found, and which lines rhyme; for people, on one line."""
        lengths = "".join(f"{line.length}{line.mark.strip()}" for line in self.lines)
        groups: dict[int, list[int]] = defaultdict(list)
        for number, line in enumerate(self.lines, 1):
            if line.rhyme is not None:
                groups[line.rhyme].append(number)
        rhymes = "; ".join(" ".join(map(str, numbers)) for numbers in groups.values())
        found = f"{self.num_poems} of {round(self.num_poems / self.share)} poems, {self.share:.0%}"
        return f"{lengths} ({found}); " + (f"lines that rhyme: {rhymes}" if groups else "no lines rhyme")


def cut_lines(text: str) -> list[tuple[str, str]] | None:
    """The lines of a text with the marks behind them; None where it does not begin with a Han character."""
    found = _LINE.findall(text.strip())
    return found if found and sum(len(line) + len(mark) for line, mark in found) == len(text.strip()) else None


def learn_forms(poems: Iterable[tuple[str, str]]) -> dict[str, Form]:
    """The form of each tune of `poems`, pairs of tune and text, that has MIN_POEMS of one form; in the order of the tunes.

    Raises a UserError where pypinyin is not installed.
    """
    by_tune: dict[str, list[list[tuple[str, str]]]] = defaultdict(list)
    for tune, text in poems:
        by_tune[tune].append(cut_lines(text) or [])
    found = {}
    for tune, texts in by_tune.items():
        shapes = Counter(_shape(lines) for lines in texts if lines)
        if not shapes:
            continue
        shape, number = shapes.most_common(1)[0]
        if number >= MIN_POEMS:
            alike = [[line for line, _ in lines] for lines in texts if lines and _shape(lines) == shape]
            found[tune] = Form(_agreed(shape, alike), number, number / len(texts))
    return found


def _shape(lines: Sequence[tuple[str, str]]) -> tuple[tuple[int, str], ...]:
    return tuple((len(line), mark) for line, mark in lines)


def _agreed(shape: Sequence[tuple[int, str]], poems: Sequence[Sequence[str]]) -> tuple[Line, ...]:
    """What `poems` of one shape agree in."""
    groups = _rhyming([[_rhyme(line[-1]) for line in poem] for poem in poems])
    return tuple(
        Line(
            length,
            mark,
            next((number for number, group in enumerate(groups) if place in group), None),
            "".join(_tone([poem[place][i] for poem in poems]) for i in range(length)),
        )
        for place, (length, mark) in enumerate(shape)
    )


def _rhyme(character: str) -> str:
    reading = reading_of(character)
    return "" if reading is None else reading.rhyme


def _rhyming(poems: Sequence[Sequence[str]]) -> list[set[int]]:
    """Lines that rhyme with each other, of two or more, in the order of their first: by the classes of their ends in each poem.

    Groups are joined as long as their lines agree, on average, three standard errors more often than by chance.
    """
    number = len(poems[0])
    agree = {
        pair: sum(bool(ends[pair[0]]) and ends[pair[0]] == ends[pair[1]] for ends in poems) / len(poems)
        for pair in itertools.combinations(range(number), 2)
    }
    least = max(MIN_RHYME_SHARE, CHANCE + 1 / math.sqrt(len(poems)))
    groups = [{place} for place in range(number)]

    def likeness(pair: tuple[set[int], set[int]]) -> float:
        shares = [agree[min(i, j), max(i, j)] for i in pair[0] for j in pair[1]]
        return sum(shares) / len(shares)

    while len(groups) > 1:
        left, right = max(itertools.combinations(groups, 2), key=likeness)
        if likeness((left, right)) < least:
            break
        groups = [group for group in groups if group not in (left, right)] + [left | right]
    return sorted((group for group in groups if len(group) > 1), key=min)


def _tone(characters: Sequence[str]) -> str:
    tones = Counter(reading.tone for character in characters if (reading := reading_of(character)) is not None)
    known = tones[LEVEL] + tones[OBLIQUE]
    tone = max((LEVEL, OBLIQUE), key=lambda tone: tones[tone])
    return tone if known >= MIN_POEMS and tones[tone] >= TONE_SHARE * known else EITHER


def forms_to_json(forms: Mapping[str, Form]) -> dict[str, Any]:
    """As a run keeps them, by tune."""
    return {
        tune: {
            "lines": [[line.length, line.mark, line.rhyme, line.tones] for line in form.lines],
            "num_poems": form.num_poems,
            "share": round(form.share, 4),
        }
        for tune, form in forms.items()
    }


def forms_from_json(values: Any, *, where: str) -> dict[str, Form]:
    """The inverse of `forms_to_json`; a UserError naming `where` for anything else."""
    if not isinstance(values, dict):
        raise UserError(f"{where}: forms must be given by tune")
    return {tune: _form(value, f"{where}: {tune}") for tune, value in values.items()}


def _form(values: Any, where: str) -> Form:
    try:
        lines = tuple(Line(*line) for line in values["lines"])
        number, share = values["num_poems"], values["share"]
        sound = lines and type(number) is int and number > 0 and isinstance(share, float | int) and 0 < share <= 1
    except (KeyError, TypeError):
        sound = False
    if not sound or not all(map(_is_sound, lines)):
        raise UserError(f"{where}: is no form of verse; each line is a length, a mark, a rhyme and tones")
    return Form(lines, number, float(share))


def _is_sound(line: Line) -> bool:
    kinds = type(line.length) is int and isinstance(line.mark, str) and isinstance(line.tones, str)
    return (
        kinds
        and 0 < line.length <= 1000
        and not any(map(is_character, line.mark))
        and (line.rhyme is None or type(line.rhyme) is int)
        and len(line.tones) == line.length
        and set(line.tones) <= {LEVEL, OBLIQUE, EITHER}
    )
