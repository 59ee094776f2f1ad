"""What a tokenizer does to a text, in figures that compare kinds and languages."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from upwell.text.tokenizer_training import train_tokenizer
from upwell.text.tokenizers import Tokenizer
from upwell.text.words import count_words


def describe_tokenizer(tokenizer: Tokenizer, texts: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Measure `tokenizer` on texts by language.

    Gives `kind`, `vocab_size`; `bytes_per_token`; `fertility`, tokens a word (a Han character is one), of all texts and by
    language; `spelled`, share of the bytes in tokens of a single byte, which is how the unknown is written;
    `used`, share of the vocabulary that occurs; `round_trip_failures`, texts that do not come back as they were;
    `megabytes_per_second`, of encoding on one thread or more.
    """
    seen = np.zeros(tokenizer.vocab_size, bool)
    lengths = np.array([len(tokenizer.token_bytes(token)) for token in range(tokenizer.vocab_size)])
    totals = dict.fromkeys(("tokens", "words", "bytes", "spelled", "failures"), 0)
    seconds = 0.0
    fertility = {}
    for language, listed in texts.items():
        started = time.perf_counter()
        encoded = tokenizer.encode_batch(listed)
        seconds += time.perf_counter() - started
        tokens, words = sum(map(len, encoded)), sum(map(count_words, listed))
        fertility[language] = tokens / max(1, words)
        totals["tokens"] += tokens
        totals["words"] += words
        for text, ids in zip(listed, encoded, strict=True):
            raw = text.encode("utf-8")
            seen[ids] = True
            totals["bytes"] += len(raw)
            totals["spelled"] += int((lengths[ids] == 1).sum())
            totals["failures"] += tokenizer.decode_bytes(ids) != raw
    return {
        "kind": tokenizer.kind,
        "vocab_size": tokenizer.vocab_size,
        "bytes_per_token": totals["bytes"] / max(1, totals["tokens"]),
        "fertility": {"all": totals["tokens"] / max(1, totals["words"]), **fertility},
        "spelled": totals["spelled"] / max(1, totals["bytes"]),
        "used": float(seen.mean()),
        "round_trip_failures": totals["failures"],
        "megabytes_per_second": totals["bytes"] / 1e6 / max(1e-9, seconds),
    }


def compare_tokenizers(
    kinds: Iterable[str], training: Sequence[str], texts: Mapping[str, Sequence[str]], *, vocab_size: int | None = None
) -> list[dict[str, Any]]:
    """Train one of each of `kinds` on the same `training` texts and measure all on the same other `texts`.

    `vocab_size` is for the kinds that have one to choose; by default each has its usual number.
    """
    return [
        describe_tokenizer(
            train_tokenizer(kind, training, vocab_size=None if kind == "byte" else vocab_size),
            texts,
        )
        for kind in kinds
    ]
