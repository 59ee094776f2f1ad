"""Which part of the world a corpus is made of: `world:level=2,views=translation+qa,language=zh,seed=1,megabytes=20`."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from upwell.errors import UserError
from upwell.text.examples import LANGUAGES, SPLITS

PREFIX = "world:"
VIEW_NAMES = (
    "story",
    "translation",
    "qa",
    "classification",
    "summarization",
    "fewshot",
    "arithmetic",
    "dictionary",
    "entities",
    "scenes",
)
LEVELS = (1, 2, 3, 4)
TRAINED_LEVELS = (1, 2, 3)
"""Level 4 is out of distribution: it is in a corpus only when asked for."""
KEYS = {
    "views": "view",
    "languages": "language",
    "levels": "level",
    "split": "split",
    "seed": "seed",
    "megabytes": "megabytes",
}
"""The fields by the words of the user, who may write view or views and so on."""
TRAIN_MEGABYTES = 20.0
HELD_OUT_MEGABYTES = 1.0
MAX_MEGABYTES = 100_000.0


@dataclass(frozen=True)
class Specification:
    """What a corpus is drawn from and how much of it there is."""

    views: tuple[str, ...] = VIEW_NAMES
    """Drawn in proportion to their shares of the mixture."""
    languages: tuple[str, ...] = LANGUAGES
    """Drawn evenly."""
    levels: tuple[int, ...] = TRAINED_LEVELS
    """Drawn evenly."""
    split: str = "train"
    seed: int = 0
    megabytes: float = TRAIN_MEGABYTES
    """Of text, a million bytes each; the last document is written to its end."""

    @classmethod
    def parse(cls, source: str, *, default_split: str = "train") -> Self:
        """The specification that the source `world:…` names; a UserError that names the nearest known word.

        `default_split` is that of a source which names none.
        """
        body = source.removeprefix(PREFIX)
        values: dict[str, Any] = {}
        for part in filter(None, (part.strip() for part in body.split(","))):
            key, equals, value = part.partition("=")
            if not equals or not value:
                raise UserError(f"{source}: {part!r} is not of the form name=value; e.g. world:level=2,views=story+qa")
            field = _field(source, key.strip())
            if field in values:
                raise UserError(f"{source}: {key} stands twice; join values with +, e.g. views=story+qa")
            values[field] = _value(source, field, value.strip())
        if values.setdefault("split", default_split) != "train":
            values.setdefault("megabytes", HELD_OUT_MEGABYTES)
        return cls(**values)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The specification that `to_dict` gave."""
        fields: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in values.items()
        }
        return cls(**fields)

    def to_dict(self) -> dict[str, Any]:
        """All fields as JSON values."""
        return {
            key: list(value) if isinstance(value, tuple) else value for key, value in dataclasses.asdict(self).items()
        }

    def held_out(self) -> Self:
        """The validation text beside this one: the split of its own, up to a megabyte of it."""
        return dataclasses.replace(self, split="valid", megabytes=min(HELD_OUT_MEGABYTES, self.megabytes / 80))

    def holds(self, part: Specification) -> bool:
        """Whether the documents of `part` may be taken from those of this one."""
        kinds = ("views", "languages", "levels")
        same = (self.split, self.seed) == (part.split, part.seed)
        return same and all(set(getattr(part, kind)) <= set(getattr(self, kind)) for kind in kinds)

    def __str__(self) -> str:
        """The source that names this specification in full."""
        parts = [
            f"views={'+'.join(self.views)}",
            f"language={'+'.join(self.languages)}",
            f"level={'+'.join(map(str, self.levels))}",
            f"split={self.split}",
            f"seed={self.seed}",
            f"megabytes={self.megabytes:g}",
        ]
        return PREFIX + ",".join(parts)

    def brief(self) -> str:
        """The source by what is not as usual, and its megabytes."""
        full, usual = (str(spec).removeprefix(PREFIX).split(",") for spec in (self, type(self)()))
        parts = [part for part in full if part not in usual or part.startswith("megabytes=")]
        return PREFIX + ",".join(parts)


def is_world(source: str) -> bool:
    """Whether a source names the world and not a file."""
    return source.startswith(PREFIX)


def nearest(word: str, known: Sequence[str], *, what: str, source: str) -> UserError:
    """The error for a word that is not among `known`, with the one that was probably meant."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"choose from {', '.join(known)}"
    return UserError(f"{source}: unknown {what} {word!r}; {hint}")


def check_words(words: Sequence[str], known: Sequence[str], *, what: str, source: str) -> tuple[str, ...]:
    """`words` in the order of `known`, each once; a UserError for one that is not known."""
    for word in words:
        if word not in known:
            raise nearest(word, known, what=what, source=source)
    return tuple(word for word in known if word in words)


def _field(source: str, key: str) -> str:
    for field, singular in KEYS.items():
        if key in (field, singular):
            return field
    raise nearest(key, list(KEYS.values()), what="name", source=source)


def _value(source: str, field: str, value: str) -> Any:
    words = [word.strip() for word in value.split("+")]
    if field == "views":
        return check_words(words, VIEW_NAMES, what="view", source=source)
    if field == "languages":
        return check_words(words, LANGUAGES, what="language", source=source)
    if field == "levels":
        return tuple(int(word) for word in check_words(words, tuple(map(str, LEVELS)), what="level", source=source))
    if field == "split":
        return check_words([value], SPLITS, what="split", source=source)[0]
    try:
        number = int(value) if field == "seed" else float(value)
    except ValueError:
        raise UserError(f"{source}: {field}={value} is not a number") from None
    if field == "megabytes" and not 0 < number <= MAX_MEGABYTES:
        raise UserError(f"{source}: megabytes={value} must be above 0 and at most {MAX_MEGABYTES:g}")
    return number
