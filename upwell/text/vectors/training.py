"""Learning word vectors from texts, by gensim: Word2Vec (Mikolov et al. 2013), fastText (Bojanowski et al. 2017)."""

from __future__ import annotations

import logging
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from upwell.errors import UserError
from upwell.text.sources import Source
from upwell.text.vectors.cutting import Segmenter, cut_words, find_segmenter
from upwell.text.vectors.word_vectors import WordVectors

METHODS = ("word2vec", "fasttext")
SENTENCE_WORDS = 1000
"""Words in a row that a window moves over; a longer document is cut, since gensim drops what is behind 10,000."""
MOST_BUCKETS, BUCKETS_PER_WORD = 2_000_000, 50
"""Of fastText's hashed parts of words: so many, but no more than the vocabulary can fill."""
_RANGES = (
    ("dimension", 1, 10_000),
    ("window", 1, 1000),
    ("min_count", 1, 1 << 30),
    ("epochs", 1, 10_000),
    ("workers", 1, 1024),
    ("seed", 0, (1 << 32) - 1),
)


@dataclass(frozen=True)
class Trained:
    """Vectors, and what they were learned from."""

    vectors: WordVectors
    """The most frequent word first."""
    num_words: int
    """Running words of the text, those that are too rare for a vector included."""
    distinct: int
    """Different words, those that are too rare included."""
    seconds: float
    """From the first byte read to the last vector."""


def train_vectors(
    sources: Iterable[Source],
    *,
    method: str = "word2vec",
    dimension: int = 100,
    window: int = 5,
    min_count: int = 5,
    epochs: int = 5,
    skip_gram: bool = True,
    lower: bool = False,
    segment: str | None = None,
    seed: int = 1,
    workers: int = 1,
    progress: Callable[[str], None] = lambda said: None,
) -> Trained:
    """Learn a vector for each word that occurs `min_count` times or more in `sources`.

    Arguments: `method`, word2vec or fasttext; `window`, words looked at on either side; `skip_gram`, predict the words
    around a word, else the word from those around it (CBOW); `lower`, put all words into lower case first; `segment`,
    jieba for words of several Han characters. Windows cross the ends of lines, not of documents. With one worker the same
    text and seed give the same vectors; with more they differ a little each time. `progress` is told what is done.

    The words are cut once, into a temporary file, so memory does not grow with the text.
    Raises UserError for an impossible option, a missing package, and a text without a word that is frequent enough.
    """
    _check(method, dimension=dimension, window=window, min_count=min_count, epochs=epochs, workers=workers, seed=seed)
    cut = find_segmenter(segment)
    models = _gensim()
    start = time.perf_counter()
    with tempfile.TemporaryFile(prefix="upwell-") as file:
        sentences = _Sentences(file)
        counts: Counter[str] = Counter()
        for words in _sentences(sources, lower=lower, segment=cut):
            counts.update(words)
            sentences.add(words)
        frequent = sum(count >= min_count for count in counts.values())
        if not frequent:
            most = f"the most frequent one {max(counts.values()):,} times" if counts else "there is no word at all"
            raise UserError(f"no word occurs {min_count} times, {most}; lower --min-count or name more text")
        progress(f"{counts.total():,} words, {len(counts):,} different ones, {frequent:,} of them often enough")
        options: dict[str, Any] = {
            "vector_size": dimension,
            "window": window,
            "min_count": min_count,
            "sg": int(skip_gram),
            "seed": seed,
            "workers": workers,
        }
        if method == "fasttext":
            options["bucket"] = min(MOST_BUCKETS, BUCKETS_PER_WORD * frequent)
        model = (models.FastText if method == "fasttext" else models.Word2Vec)(**options)
        model.build_vocab(sentences)
        model.train(
            sentences,
            total_examples=model.corpus_count,
            epochs=epochs,
            callbacks=[_epochs_told(models, epochs, progress)],
        )
    matrix = np.ascontiguousarray(model.wv.vectors, np.float32)
    vectors = WordVectors(tuple(model.wv.index_to_key), matrix)
    return Trained(vectors, counts.total(), len(counts), time.perf_counter() - start)


class _Sentences:
    """Lists of words, kept in a file, that can be gone through again and again."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def add(self, words: list[str]) -> None:
        """Put one more list behind the others."""
        self.file.write(" ".join(words).encode("utf-8") + b"\n")

    def __iter__(self) -> Iterator[list[str]]:
        self.file.seek(0)
        for line in self.file:
            yield line.decode("utf-8").split()


def _sentences(sources: Iterable[Source], *, lower: bool, segment: Segmenter | None) -> Iterator[list[str]]:
    """The words of all documents, in lists of at most SENTENCE_WORDS from one document each."""
    words: list[str] = []
    for source in sources:
        for piece in source.pieces():
            words.extend(cut_words(piece.text, lower=lower, segment=segment))
            whole = len(words) if piece.ends_document else len(words) - len(words) % SENTENCE_WORDS
            for start in range(0, whole, SENTENCE_WORDS):
                yield words[start : min(whole, start + SENTENCE_WORDS)]
            del words[:whole]
    if words:
        yield words


def _check(method: str, **numbers: int) -> None:
    if method not in METHODS:
        raise UserError(f"--method {method}: choose {' or '.join(METHODS)}")
    for name, low, high in _RANGES:
        if not low <= numbers[name] <= high:
            raise UserError(f"--{name.replace('_', '-')} {numbers[name]}: choose a number from {low} to {high}")


def _gensim() -> Any:
    """The package's models, silent; a UserError where it is missing."""
    try:
        from gensim import models
    except ImportError as error:
        raise UserError('learning word vectors needs one more package: pip install "upwell[vectors]"') from error
    log = logging.getLogger("gensim")
    if not log.handlers:
        log.addHandler(logging.NullHandler())  # else its warnings, for developers, end up on the terminal
    return models


def _epochs_told(models: Any, epochs: int, progress: Callable[[str], None]) -> Any:
    class Told(models.callbacks.CallbackAny2Vec):  # type: ignore[misc]
        """Counts the epochs."""

        def __init__(self) -> None:
            self.done = 0

        def on_epoch_end(self, model: Any) -> None:
            """Say that one more is done."""
            self.done += 1
            progress(f"epoch {self.done} of {epochs}")

    return Told()
