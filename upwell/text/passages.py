"""What a reader of passages and questions is given: tokens as bags of features, and how a passage matches a question.

A token is a word, a mark or a Han character. A word is known by itself, its stem, its end and its shape; a Han character by itself
and the pairs it stands in. Features are known by a hash of 64 bits; those of too few occurrences have no place. A stem is the rarer
the fewer passages hold it (inverse document frequency, Spärck Jones 1972).

Shapes: V features, T tokens, F features of a token, M columns of matches.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from upwell.text.word_features import shape
from upwell.text.words import HAN

LEAST = 2
"""Occurrences that a feature needs."""
FEATURES = 4
"""Most that a token has."""
MATCHES = 20
"""Columns of what a token is told of its match with the question."""
LONGEST_RUN = 5
LONGEST_WORD = 40
"""Letters of a word that are looked at."""
NEAR, FAR = 3.0, 12.0
"""Tokens over which the nearness of a match fades by e."""
ENDINGS = ("ing", "ed", "es", "s", "ly", "e")
FUNCTION_WORDS = frozenset(
    "the a an of to in is are was were be do does did what who when where which how why and or for on with by that it this "
    "their my i you your they will any have has from as at if not 的 了 是 在 和 有 为 什 么 哪 谁 何 多 少".split()
)
SENTENCE_ENDS = frozenset(".!?。！？；;")

_TOKEN = re.compile(rf"[{HAN}]|[^\W{HAN}_]+|[^\w\s]|_")
_HAN = re.compile(f"[{HAN}]")
_DIGIT = re.compile(r"\d")

Floats = npt.NDArray[np.float64]


class Token(NamedTuple):
    """A token of a text, and its characters there."""

    text: str
    start: int
    end: int


def tokens_of(text: str) -> list[Token]:
    """The tokens of a text."""
    return [Token(match.group(), match.start(), match.end()) for match in _TOKEN.finditer(text)]


class PassageFeatures:
    """Numbers the features of tokens, from 1; 0 is none."""

    def __init__(self, hashes: npt.NDArray[np.uint64], passages: npt.NDArray[np.int64], total: int) -> None:
        """`hashes` (V,) rising; `passages` (V,): how many of `total` passages hold each."""
        self.hashes, self.passages, self.total = hashes, passages, total
        self._places = {value: place for place, value in enumerate(hashes.tolist(), 1)}
        self._known: dict[str, int] = {}

    @classmethod
    def learn(cls, passages: Iterable[str], questions: Iterable[str]) -> Self:
        """The features of tokens that are there often enough."""
        counts: Counter[str] = Counter()
        holding: Counter[str] = Counter()
        distinct = set(passages)
        for text in sorted(distinct):
            found = [feature for bag in _bags(text) for feature in bag]
            counts.update(found)
            holding.update(set(found))
        for text in questions:
            counts.update(feature for bag in _bags(text) for feature in bag)
        kept = {_hash_of(feature): holding[feature] for feature, count in counts.items() if count >= LEAST}
        hashes = np.array(sorted(kept), np.uint64)
        return cls(hashes, np.array([kept[value] for value in hashes.tolist()], np.int64), len(distinct))

    @property
    def size(self) -> int:
        """Ids, 0 among them."""
        return len(self.hashes) + 1

    def encode(self, tokens: Sequence[str]) -> npt.NDArray[np.int32]:
        """The bags of a text's tokens (T, F), 0 where there is no feature."""
        rows = np.zeros((len(tokens), FEATURES), np.int32)
        for place, row in enumerate(rows):
            found = features(tokens, place)
            row[: len(found)] = [self._place(feature) for feature in found]
        return rows

    def rarity(self, token: str) -> float:
        """From 0, for marks and function words, to 1, for numbers and a stem that no passage holds."""
        if not token[0].isalnum() or token.lower() in FUNCTION_WORDS:
            return 0.0
        if _DIGIT.search(token):
            return 1.0
        place = self._place(f"stem {stem(token)}")
        number = int(self.passages[place - 1]) if place else 0
        return math.log((self.total + 1) / (number + 1)) / math.log(self.total + 1)

    def _place(self, feature: str) -> int:
        place = self._known.get(feature)
        if place is None:
            place = self._known[feature] = self._places.get(_hash_of(feature), 0)
        return place


def features(tokens: Sequence[str], place: int) -> list[str]:
    """The features of one of a text's tokens, its stem the first."""
    token = tokens[place]
    found = [f"stem {stem(token)}"]
    if _HAN.match(token):
        left, right = "".join(tokens[max(place - 1, 0) : place + 1]), "".join(tokens[place : place + 2])
        return [*found, f"left {left[-LONGEST_WORD:]}", f"right {right[:LONGEST_WORD]}"]
    text = _plain(token)
    return [*found, f"word {text}", f"end {text[-3:]}", f"shape {shape(token[:LONGEST_WORD])}"]


def stem(token: str) -> str:
    """A word in lower case without a usual ending, every digit a 0."""
    text = _plain(token)
    for ending in ENDINGS:
        if len(text) > 4 and text.endswith(ending) and len(text) - len(ending) >= 3:
            return text[: -len(ending)]
    return text


def matches_of(passage: Sequence[str], question: Sequence[str], known: PassageFeatures) -> npt.NDArray[np.float16]:
    """How each token of a passage matches the question (T, M): itself, the runs of words it is in, what is near, its sentence."""
    stems, asked = [_matched(token) for token in passage], [_matched(token) for token in question]
    runs = _longest_runs(stems, asked)
    rare = np.array([known.rarity(token) for token in passage])
    weight = rare * (runs > 0) * (1 + runs) / 2
    total = sum(map(known.rarity, dict(zip(asked, question, strict=True)).values())) or 1.0
    ends = np.array([token in SENTENCE_ENDS for token in passage])
    sentence = np.concatenate([[0], ends.cumsum()[:-1]])
    overlaps = np.zeros(sentence[-1] + 1)
    best: dict[tuple[int, str], float] = {}
    for place in np.flatnonzero(weight):
        pair = int(sentence[place]), stems[place]
        best[pair] = max(best.get(pair, 0.0), weight[place])
    for (number, _), found in best.items():
        overlaps[number] += found / total
    lower, around = {token.lower() for token in question}, np.concatenate([[0], overlaps, [0]])
    columns = [
        np.array([token.lower() in lower for token in passage]),
        runs > 0,
        (runs > 0) & (rare > 0),
        rare,
        rare * (runs > 0),
        *(runs >= length for length in range(2, LONGEST_RUN + 1)),
        *(side / total for reach in (NEAR, FAR) for side in (_faded(weight, reach), _faded(weight[::-1], reach)[::-1])),
        overlaps[sentence],
        (overlaps / max(overlaps.max(), 1e-6))[sentence],
        (overlaps >= overlaps.max())[sentence],
        around[sentence],
        around[sentence + 2],
        np.arange(len(passage)) / len(passage),
        1 / (1 + sentence),
    ]
    return np.stack(columns, 1).astype(np.float16)


def _bags(text: str) -> list[list[str]]:
    tokens = _TOKEN.findall(text)
    return [features(tokens, place) for place in range(len(tokens))]


def _plain(token: str) -> str:
    return "".join("0" if letter.isdigit() else letter for letter in token[:LONGEST_WORD].lower())


def _matched(token: str) -> str:
    """What must be equal for tokens to match: the stem, but numbers as they are."""
    return token.lower() if _DIGIT.search(token) else stem(token)


def _longest_runs(stems: Sequence[str], asked: Sequence[str]) -> Floats:
    """Length (T,) of the longest run shared with the question that each token is in; at most LONGEST_RUN."""
    runs = np.zeros(len(stems))
    for length in range(1, LONGEST_RUN + 1):
        there = {tuple(asked[first : first + length]) for first in range(len(asked) - length + 1)}
        for first in range(len(stems) - length + 1):
            if tuple(stems[first : first + length]) in there:
                runs[first : first + length] = length
    return runs


def _faded(weight: Floats, reach: float) -> Floats:
    """Sums of the weights before each place, fading by e every `reach` places."""
    from scipy.signal import lfilter

    kept = math.exp(-1 / reach)
    found: Floats = lfilter([0, kept], [1, -kept], weight)
    return found


def _hash_of(feature: str) -> int:
    digest = hashlib.blake2b(feature.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")
