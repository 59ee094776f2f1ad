"""Training a tokenizer on a text: the same text gives the same tokenizer, on any number of threads."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from upwell.errors import UserError
from upwell.text.decoding import find_cut
from upwell.text.tokenizers import (
    END_OF_TEXT,
    FIRST_PIECE,
    KINDS,
    MAX_VOCAB_SIZE,
    Tokenizer,
    build_backend,
    byte_letters,
    byte_piece,
    letters_of,
    pre_tokenizer,
)

if TYPE_CHECKING:
    import tokenizers

DEFAULT_VOCAB_SIZES = {"char": 16384, "byte": FIRST_PIECE, "bpe": 4096, "unigram": 4096, "word": 16384}
"""Ids of a tokenizer unless asked otherwise; fewer for little text, see `default_vocab_size`."""
TRAINING_CHARACTERS = {"bpe": 1 << 22, "unigram": 1 << 19, "word": 1 << 22}
"""Characters of text beyond which more would hardly change a tokenizer and only cost time."""

_BYTES_PER_PIECE = 100  # of training text, so that a piece is seen often enough to be learned
_CHUNK = 1 << 16
_BREAK, _MARK = "\x01", "\x02"  # stand between and behind words in unigram training; spelled in bytes themselves
_UNIGRAM_COVERAGE = 0.9995  # share of the text whose characters are pieces, as in SentencePiece


def train_tokenizer(kind: str, texts: Iterable[str], *, vocab_size: int | None = None) -> Tokenizer:
    """Train a tokenizer.

    Arguments: `kind`, one of `KINDS`; `texts`, parts of the training text; `vocab_size`, the most ids it may have
    (control token and 256 bytes included), by default see `default_vocab_size`. A text that is too small gives fewer.
    Raises UserError for an unknown kind or an impossible size.
    """
    if kind not in KINDS:
        raise UserError(f"unknown --tokenizer {kind!r}: choose one of {', '.join(KINDS)}")
    if vocab_size is not None:
        _check_size(kind, vocab_size)
    if kind == "byte":
        return Tokenizer(kind, build_backend(kind, _with_scores([END_OF_TEXT, *byte_letters()]), []))
    if kind == "char":
        return _train_characters(texts, vocab_size or DEFAULT_VOCAB_SIZES[kind])
    held = list(texts)
    size = vocab_size or default_vocab_size(kind, sum(len(text.encode("utf-8")) for text in held))
    train = {"bpe": _train_bpe, "unigram": _train_unigram, "word": _train_words}[kind]
    return Tokenizer(kind, train(held, size))


def default_vocab_size(kind: str, num_bytes: int) -> int:
    """Ids for a text of `num_bytes`: the default of the kind, but at most one piece per 100 bytes beside the bytes."""
    if kind in ("byte", "char"):
        return DEFAULT_VOCAB_SIZES[kind]
    return min(DEFAULT_VOCAB_SIZES[kind], FIRST_PIECE + num_bytes // _BYTES_PER_PIECE)


def _check_size(kind: str, vocab_size: int) -> None:
    if kind == "byte" and vocab_size != FIRST_PIECE:
        raise UserError(
            f"--vocab-size {vocab_size}: a byte tokenizer always has {FIRST_PIECE} ids; leave the option out"
        )
    if not FIRST_PIECE <= vocab_size <= MAX_VOCAB_SIZE:
        raise UserError(
            f"--vocab-size {vocab_size}: must be from {FIRST_PIECE} (256 bytes, end of text) to {MAX_VOCAB_SIZE}"
        )


def _train_characters(texts: Iterable[str], size: int) -> Tokenizer:
    counts = count_characters(texts)
    seen = np.flatnonzero(counts)
    most = seen[np.argsort(-counts[seen], kind="stable")][: size - FIRST_PIECE]
    pieces = [END_OF_TEXT, *map(byte_piece, range(256)), *map(chr, most.tolist())]
    return Tokenizer("char", build_backend("char", _with_scores(pieces), []))


def count_characters(texts: Iterable[str]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """How often each of the 0x110000 code points occurs."""
    counts = np.zeros(0x110000, np.int64)
    for text in texts:
        codes, times = np.unique(np.frombuffer(text.encode("utf-32-le"), np.uint32), return_counts=True)
        counts[codes] += times
    return counts


def _train_bpe(texts: list[str], size: int) -> tokenizers.Tokenizer:
    from tokenizers import Tokenizer, models, trainers

    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizer("bpe")
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        min_frequency=2,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=list(byte_letters()),
        show_progress=False,
    )
    backend.train_from_iterator(_chunks(texts), trainer)
    model = json.loads(backend.to_str())["model"]
    pieces = sorted(model["vocab"], key=lambda piece: int(model["vocab"][piece]))
    return build_backend("bpe", _with_scores(pieces), [(left, right) for left, right in model["merges"]])


def _train_words(texts: list[str], size: int) -> tokenizers.Tokenizer:
    counts = _count_words(texts, pre_tokenizer("word", bytes_as_letters=False))
    known = set(byte_letters())
    words = sorted(((-count, word) for word, count in counts.items() if count > 1))
    pieces = [piece for piece in (letters_of(word) for _, word in words) if piece not in known]
    return build_backend("word", _with_scores([END_OF_TEXT, *byte_letters(), *pieces[: size - FIRST_PIECE]]), [])


def _count_words(texts: list[str], split: Any) -> Counter[str]:
    counts: Counter[str] = Counter()
    for chunk in _chunks(texts):
        counts.update(word for word, _ in split.pre_tokenize_str(chunk))
    return counts


def _train_unigram(texts: list[str], size: int) -> tokenizers.Tokenizer:
    """Train on characters, then write the pieces in bytes.

    Trained on bytes, pieces would begin and end inside Chinese characters, and training would take three times as
    long. The rarest characters are left out and spelled in bytes, or else they alone would fill the vocabulary of a
    Chinese text.
    """
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    counts = count_characters(texts)
    seen = np.flatnonzero(counts)
    seen = seen[np.argsort(-counts[seen], kind="stable")]
    covered = np.cumsum(counts[seen]) / max(1, counts.sum())
    kept = seen[: min(int(np.searchsorted(covered, _UNIGRAM_COVERAGE)) + 1, (size - FIRST_PIECE) // 2)]
    rare = "".join(map(chr, seen[len(kept) :].tolist())) + _MARK + _BREAK
    words = _count_words(texts, pre_tokenizer("unigram", bytes_as_letters=False))
    known = re.compile(f"[^{re.escape(rare)}]+")
    parts: Counter[str] = Counter()
    for word, count in words.items():
        for part in known.findall(word):
            parts[part] += count
    pieces: dict[str, float] = {}
    if len(kept) and parts:
        backend = Tokenizer(models.Unigram())
        backend.pre_tokenizer = pre_tokenizers.Split(_BREAK, "removed")
        trainer = trainers.UnigramTrainer(vocab_size=size - FIRST_PIECE + 1, show_progress=False, special_tokens=[])
        backend.train_from_iterator(_repeated(parts), trainer)
        # Characters that the library pruned get scores below all others, in an order that differs from run to run.
        found = {
            piece: round(score, 2)
            for piece, score in json.loads(backend.to_str())["model"]["vocab"]
            if _MARK not in piece
        }
        lowest = min((score for piece, score in found.items() if len(piece) > 1), default=0.0)
        pieces = {letters_of(piece): max(score, lowest) for piece, score in found.items()}
    return _rescore(pieces, texts)


def _repeated(parts: Counter[str]) -> Iterator[str]:
    """Each part as often as it occurs, and once more with a mark behind it if it occurs again and again.

    The library starts from strings that occur with different characters behind them, where the end of a word is always
    the same one: without the marked copy, no end of a word and no whole word could become a piece (on English novels,
    3.2 bytes per token instead of 3.7). Marks behind rare ones would only distort the frequencies.
    """
    for part, count in sorted(parts.items()):
        yield _BREAK.join([part] * count)
        if count > 1:
            yield part + _MARK


def _rescore(pieces: dict[str, float], texts: list[str]) -> tokenizers.Tokenizer:
    """Give pieces and bytes the log probabilities of their use in the text (Viterbi training, two rounds)."""
    byte_score = min(pieces.values(), default=0.0) - 10
    scores = {**dict.fromkeys(byte_letters(), byte_score), **pieces}
    for _ in range(2):
        order = sorted(scores, key=lambda piece: (-scores[piece], piece))
        listed = [(END_OF_TEXT, 0.0), *((piece, scores[piece]) for piece in order)]
        backend = build_backend("unigram", listed, [])
        used = np.zeros(len(listed), np.int64)
        for chunk in _chunks(texts):
            ids = backend.encode_batch_fast([chunk], add_special_tokens=False)[0].ids
            used += np.bincount(np.array(ids, np.int64), minlength=len(listed))
        total = float(used.sum()) + 0.1 * len(listed)
        scores = {piece: round(math.log((float(used[i]) + 0.1) / total), 4) for i, piece in enumerate(order, 1)}
    order = sorted(scores, key=lambda piece: (-scores[piece], piece))
    return build_backend("unigram", [(END_OF_TEXT, 0.0), *((piece, scores[piece]) for piece in order)], [])


def _with_scores(pieces: list[str]) -> list[tuple[str, float]]:
    return [(piece, 0.0) for piece in pieces]


def _chunks(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        start = 0
        while len(text) - start > _CHUNK:
            end = find_cut(text, start + _CHUNK // 2, start + _CHUNK) or start + _CHUNK
            yield text[start:end]
            start = end
        yield text[start:]
