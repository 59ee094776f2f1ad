"""Train, valid and test, parted by meaning.

Two things part them. A meaning without its names (a plan of a story, a sentence) belongs to the split that its hash
says: the same happening never stands in two splits, in no wording, language or view. And of the names an eighth is held
for test and another for valid. Texts of these splits name nobody but those who are held for them. In train, held names
stand only in company with free ones; so every word is learned, and what is asked is a company that was never seen,
whichever 13 words one looks at (see `runs`).
"""

from __future__ import annotations

import zlib
from typing import Any

from upwell.world.chance import Table
from upwell.world.meaning import hash_of

SPLITS = ("train", "valid", "test")
SHARES = {"train": 0.9, "valid": 0.05, "test": 0.05}
CIRCLES = {"train": Table(("free", "mixed"), (0.4, 0.6)), "valid": Table(("valid",)), "test": Table(("test",))}
"""The circles of names that texts of a split come from, with how often they are taken."""


def split_of(meaning: Any) -> str:
    """The split that a meaning belongs to, by the hash of its canonical form."""
    return split_of_hash(hash_of(meaning))


def split_of_hash(value: int) -> str:
    """The split of a hash: of a thousand parts the first 50 are test, the next 50 valid."""
    part = value % 1000
    return "test" if part < 50 else "valid" if part < 100 else "train"


def holder_of(name: str) -> str:
    """The split for which a name is held, or "free"."""
    part = zlib.crc32(f"name {name}".encode()) % 10
    return "test" if part == 0 else "valid" if part == 1 else "free"


def circle_of(circle: str, number: int) -> str:
    """The circle of the name number `number` (from 0) of a text: in a mixed one every other name is a held one."""
    if circle == "mixed":
        return "held" if number % 2 else "free"
    return circle


def name_fits_circle(circle: str, name: str) -> bool:
    """Whether a name is of a circle of one kind: free, held, valid or test."""
    return holder_of(name) != "free" if circle == "held" else holder_of(name) == circle
