"""Train, valid and test, parted by meaning.

Two things part them. A meaning without its names (a plan of a story, a sentence) belongs to the split that its hash
says: the same happening never stands in two splits, in no wording, language or view. And the words of a text come from
a circle: a tenth of the names is held for test and another for valid. With one half of the nouns such a name occurs in
its held split only, with the other half in train only; so every word is learned, and what is asked is a combination
that was never seen, whichever 13 words one looks at.
"""

from __future__ import annotations

import zlib
from typing import Any

from upwell.world.meaning import hash_of

SPLITS = ("train", "valid", "test")
SHARES = {"train": 0.9, "valid": 0.05, "test": 0.05}
CIRCLES = {"train": ("free", "near valid", "near test"), "valid": ("valid",), "test": ("test",)}
"""The circles of words that texts of a split come from."""
CIRCLE_WEIGHTS = (0.8, 0.1, 0.1)
"""How often train takes each of its circles."""


def split_of(meaning: Any) -> str:
    """The split that a meaning belongs to, by the hash of its canonical form."""
    return split_of_hash(hash_of(meaning))


def split_of_hash(value: int) -> str:
    """The split of a hash: of a thousand parts the first 50 are test, the next 50 valid."""
    part = value % 1000
    return "test" if part < 50 else "valid" if part < 100 else "train"


def holder_of(name: str) -> str:
    """The split for which a name is held in company with half of the nouns, or "free"."""
    part = zlib.crc32(f"name {name}".encode()) % 10
    return "test" if part == 0 else "valid" if part == 1 else "free"


def is_held(word: str) -> bool:
    """Whether a word is of the half that held names meet in their own split only."""
    return bool(zlib.crc32(f"word {word}".encode()) & 1)


def fits_circle(circle: str, word: str) -> bool:
    """Whether a noun may stand in a text of a circle."""
    return circle == "free" or is_held(word) == (not circle.startswith("near"))


def plot_fits_circle(circle: str, plot: str) -> bool:
    """Whether a plot may be told with the names of a circle: held names are held in half of the plots too."""
    if circle == "free":
        return True
    half = bool(zlib.crc32(f"half {plot}".encode()) & 1)
    return half == (circle in ("test", "near valid"))


def pairs_fit_circle(circle: str, name: str, others: list[str]) -> bool:
    """Whether a name may stand beside others: of the pairs of held names each split has its own half."""
    if circle == "free":
        return True
    wanted = not circle.startswith("near")
    return all(bool(zlib.crc32("&".join(sorted((name, other))).encode()) & 1) == wanted for other in others)


def name_fits_circle(circle: str, name: str) -> bool:
    """Whether a name may stand in a text of a circle."""
    return holder_of(name) == circle.removeprefix("near ")
