"""The report: what came in, what each step did, what is there now. All of it is JSON; pages and terminals show it."""

from __future__ import annotations

import heapq
import itertools
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from upwell.text.cleaning.encoding import read_ranges, sample_texts
from upwell.text.cleaning.steps import Tally
from upwell.text.decoding import find_cut
from upwell.text.prepared import SPLITS
from upwell.text.stores import read_counts
from upwell.text.tokenizer_report import compare_tokenizers, describe_tokenizer
from upwell.text.tokenizers import Tokenizer
from upwell.text.words import HAN

NGRAMS = 20
"""The most frequent ones that are shown, of each length."""
SAMPLE_CHARACTERS = 1 << 21
"""Of the text in which n-grams are counted, and a quarter of it tokenized once more to describe the tokenizer."""

_WORD = re.compile(rf"[{HAN}]|[^\W{HAN}]+(?:['’][^\W\d_]+)?")
_LANGUAGES = 6  # whose fertility is given
_DESCRIBED = 20_000  # characters of each of them
_RANGES = 4  # of each part in which they are looked for


@dataclass(frozen=True)
class LanguageCount:
    """Documents in one language."""

    language: str
    documents: int
    bytes: int

    @classmethod
    def of(cls, languages: NDArray[Any], sizes: NDArray[np.int64]) -> list[LanguageCount]:
        """Most bytes first; `languages` (n,) and `sizes` (n,) of documents."""
        names, group = np.unique(languages, return_inverse=True)
        documents = np.bincount(group, minlength=len(names))
        size = np.bincount(group, sizes, minlength=len(names))
        found = [cls(str(name, "ascii"), int(documents[i]), int(size[i])) for i, name in enumerate(names) if name]
        return sorted(found, key=lambda count: (-count.bytes, count.language))


def collect(
    *,
    folder: Path,
    content: dict[str, Any],
    tallies: Sequence[Tally],
    languages: Sequence[LanguageCount],
    sizes: NDArray[np.int64],
    tokenizer: Tokenizer | None,
    compare: Sequence[str],
    vocab_size: int | None,
    seconds: dict[str, float],
    workers: int,
) -> dict[str, Any]:
    """The report on the prepared text in `folder`; `sizes` (n,) are bytes of its documents, `seconds` those of passes.

    `compare`: kinds of tokenizers to train beside its own, with `vocab_size` ids where that was asked for.
    """
    sample = list(sample_texts(folder / "train.jsonl", SAMPLE_CHARACTERS))
    described = _by_language(folder, languages)
    return {
        **content,
        "steps": [tally.to_dict() for tally in tallies],
        "lengths": _lengths(sizes),
        "languages": [vars(count) for count in languages],
        "ngrams": _ngrams(sample),
        "tokenizer": None if tokenizer is None else describe_tokenizer(tokenizer, described),
        "compared": compare_tokenizers(compare, sample, described, vocab_size=vocab_size),
        "tokens": None if tokenizer is None else _tokens(folder),
        "seconds": {name: round(value, 3) for name, value in seconds.items()},
        "workers": workers,
    }


def _lengths(sizes: NDArray[np.int64]) -> dict[str, Any]:
    """How many documents have at least 2^k bytes and fewer than twice as many, and the quartiles."""
    powers = np.floor(np.log2(np.maximum(1, sizes))).astype(np.int64)
    counts = np.bincount(powers)
    first = int(powers.min()) if len(powers) else 0
    low, middle, high = (int(value) for value in np.percentile(sizes, [25, 50, 75], method="nearest"))
    return {
        "bytes": [2**power for power in range(first, len(counts))],
        "documents": counts[first:].tolist(),
        "quartiles": [low, middle, high],
    }


def _ngrams(texts: Iterable[str]) -> dict[str, list[tuple[str, int]]]:
    """The most frequent words, pairs and triples of words of a sample, in lower case."""
    counts: dict[int, Counter[tuple[str, ...]]] = {1: Counter(), 2: Counter(), 3: Counter()}
    for text in texts:
        words = _WORD.findall(text.lower())
        for size, counter in counts.items():
            counter.update(zip(*(words[place:] for place in range(size)), strict=False))
    found = {}
    for size, counter in counts.items():
        most = heapq.nsmallest(NGRAMS, counter.items(), key=lambda item: (-item[1], item[0]))
        found[str(size)] = [(_spelled(words), count) for words, count in most]
    return found


def _spelled(words: tuple[str, ...]) -> str:
    return ("" if all(re.fullmatch(f"[{HAN}]", word) for word in words) else " ").join(words)


def _by_language(folder: Path, languages: Sequence[LanguageCount]) -> dict[str, list[str]]:
    """Some held-out text (training text where there is none) of each of the commonest languages."""
    wanted = {count.language: _DESCRIBED for count in languages[:_LANGUAGES]} or {"": _DESCRIBED * _LANGUAGES}
    found: dict[str, list[str]] = {language: [] for language in wanted}
    for split in reversed(SPLITS):
        path = folder / f"{split}.jsonl"
        if not path.exists() or all(left <= 0 for left in wanted.values()):
            continue
        for rows in itertools.islice(read_ranges(path), _RANGES):
            for line in rows.split(b"\n"):
                if not line:
                    continue
                row = json.loads(line)
                language = row.get("language", "")
                if wanted.get(language, 0) > 0:
                    text = row["text"][: find_cut(row["text"], 0, wanted[language]) or wanted[language]]
                    found[language].append(text)
                    wanted[language] -= len(text)
            if all(left <= 0 for left in wanted.values()):
                break
    return {language or "all": texts for language, texts in found.items() if texts}


def _tokens(folder: Path) -> dict[str, dict[str, int]]:
    found = {}
    for split in SPLITS:
        if (folder / "tokens" / split).exists():
            counts = read_counts(folder / "tokens" / split)
            found[split] = {name: getattr(counts, f"num_{name}") for name in ("tokens", "documents", "bytes", "words")}
    return found
