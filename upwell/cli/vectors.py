"""upwell vectors and its own verbs: train, nearest, analogy, evaluate"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from upwell.cli.main import source_name
from upwell.errors import UserError

if TYPE_CHECKING:
    from upwell.text.vectors.evaluation import AnalogyScore, Figure, PairScore
    from upwell.text.vectors.word_vectors import Neighbours, WordVectors

vectors = App(
    name="vectors",
    help="Learn word vectors, or look into a file of them: Word2Vec text or binary, GloVe, fastText's .vec.",
)

Json = Annotated[bool, Parameter(name="--json", negative="")]
Flag = Annotated[bool, Parameter(negative="")]
Several = Annotated[tuple[str, ...], Parameter(negative="")]

SHOWN_WORDS, SHOWN_NEIGHBOURS = 3, 5
"""What is shown of vectors that have just been learned."""
PASSED_OVER = 50
"""The most frequent words, which stand beside all others and show little."""


@vectors.command
def train(
    *sources: str,
    out: str,
    method: str = "word2vec",
    dimension: int = 100,
    window: int = 5,
    min_count: int = 5,
    epochs: int = 5,
    skip_gram: Annotated[bool, Parameter(negative="--cbow")] = True,
    lower: Flag = False,
    segment: str | None = None,
    seed: int = 1,
    workers: int = 1,
    overwrite: Flag = False,
    encoding: str = "utf-8",
    errors: str = "strict",
    column: str | None = None,
    as_json: Json = False,
    quiet: Flag = False,
) -> None:
    """Learn word vectors from text, with gensim.

    A word is a run of characters without a blank, or one Han character; marks at its ends are words of their own. Needs
    pip install "upwell[vectors]".

    Parameters
    ----------
    sources
        Text to learn from, as upwell train takes it: files, folders, globs, - for standard input.
    out
        File to write, in the format of Word2Vec: text if it ends in .txt or .vec, binary if it ends in .bin.
    method
        word2vec, or fasttext, where words of like spelling share what is learned.
    dimension
        Numbers of a vector.
    window
        Words that are looked at on either side; windows cross the ends of lines, not of documents.
    min_count
        Words that occur less often get no vector.
    epochs
        Passes over the text.
    skip_gram
        Predict the words around a word; --cbow predicts a word from those around it, which is quicker.
    lower
        Put all words into lower case first.
    segment
        jieba: find Chinese words of several characters (pip install "upwell[text]").
    seed
        Of the first vectors and all that is drawn.
    workers
        Threads. With one the same text and seed give the same file, with more it differs a little each time.
    overwrite
        Replace a file that is there.
    encoding
        Character encoding of the sources.
    errors
        What to do with bytes that do not decode: strict or replace.
    column
        Column of the text in tables and JSON lines.
    as_json
        Print one JSON object as the last line.
    quiet
        No progress.
    """
    from upwell.text.sources import open_sources
    from upwell.text.vectors.training import train_vectors
    from upwell.text.vectors.writing import save_vectors, writer_for

    if not sources:
        raise UserError("name the text to learn from, e.g. upwell vectors train novel.txt --out novel.vec")
    writer_for(out)
    if Path(out).exists() and not overwrite:
        raise UserError(f"--out {out}: is there already; name another file, or add --overwrite")
    if not Path(out).absolute().parent.is_dir():
        raise UserError(f"--out {out}: there is no folder {Path(out).parent}")
    opened = open_sources(map(source_name, sources), encoding=encoding, errors=errors, column=column)
    trained = train_vectors(
        opened,
        method=method,
        dimension=dimension,
        window=window,
        min_count=min_count,
        epochs=epochs,
        skip_gram=skip_gram,
        lower=lower,
        segment=segment,
        seed=seed,
        workers=workers,
        progress=lambda said: None if quiet else print(said, file=sys.stderr),
    )
    save_vectors(trained.vectors, out)
    near = _shown(trained.vectors)
    print(
        f"{out}: {len(trained.vectors):,} words of {dimension} numbers, learned from {trained.num_words:,} words "
        f"in {trained.seconds:.1f} s"
    )
    for word, neighbours in near.items():
        print(f"{word}: {', '.join(other for other, _ in neighbours)}")
    if as_json:
        figures = {
            "out": out,
            "method": method,
            "words": len(trained.vectors),
            "dimension": dimension,
            "running_words": trained.num_words,
            "distinct_words": trained.distinct,
            "seconds": round(trained.seconds, 3),
            "nearest": near,
        }
        print(json.dumps(figures))


@vectors.command
def nearest(file: str, *words: str, count: int = 10, limit: int | None = None, as_json: Json = False) -> None:
    """Show the words that are nearest to each of some words, by cosine.

    Parameters
    ----------
    file
        Word vectors; .gz and .zst too.
    words
        Words to look up.
    count
        Neighbours of each.
    limit
        Read the first so many words of the file alone.
    as_json
        Print one JSON object as the last line.
    """
    if not words:
        raise UserError(f"name a word, e.g. upwell vectors nearest {file} water")
    loaded = _load(file, limit)
    found = {word: loaded.nearest(word, count=count) for word in map(_word, words)}
    for word, neighbours in found.items():
        _print_neighbours(word, neighbours)
    if as_json:
        print(json.dumps({**_about(file, loaded), "nearest": found}))


@vectors.command
def analogy(
    file: str, a: str, b: str, c: str, *, count: int = 10, limit: int | None = None, as_json: Json = False
) -> None:
    """Show what is to C as B is to A: the words nearest to B - A + C.

    Parameters
    ----------
    file
        Word vectors; .gz and .zst too.
    a
        As in: man
    b
        is to king
    c
        as woman is to…
    count
        Answers to show.
    limit
        Read the first so many words of the file alone.
    as_json
        Print one JSON object as the last line.
    """
    loaded = _load(file, limit)
    a, b, c = map(_word, (a, b, c))
    found = loaded.analogy(a, b, c, count=count)
    _print_neighbours(f"{a} : {b} = {c} :", found)
    if as_json:
        print(json.dumps({**_about(file, loaded), "analogy": [a, b, c], "answers": found}))


@vectors.command
def evaluate(
    file: str,
    *,
    pairs: Several = (),
    analogies: Several = (),
    count_unknown: Flag = False,
    match_case: Flag = False,
    most_frequent: int = 300_000,
    limit: int | None = None,
    seed: int = 0,
    as_json: Json = False,
) -> None:
    """Measure word vectors: likeness of pairs beside people's judgement, and analogies; with 95% intervals.

    Parameters
    ----------
    file
        Word vectors; .gz and .zst too.
    pairs
        Pairs of words with a score a line, divided by tabs; repeat for several files. Gives rank and linear correlation.
    analogies
        Four words a line, in sections (: name); repeat for several files. Gives the share answered right (3CosAdd).
    count_unknown
        Count lines with an unknown word as cosine 0, or as a wrong answer, instead of leaving them out.
    match_case
        Compare words as they are written; else capitals do not matter, and the most frequent spelling counts.
    most_frequent
        Words of the file that take part.
    limit
        Read the first so many words of the file alone.
    seed
        Of the intervals.
    as_json
        Print one JSON object as the last line.
    """
    from upwell.text.vectors.evaluation import score_analogies, score_pairs

    if not pairs and not analogies:
        raise UserError("name what to measure on: --pairs FILE, --analogies FILE, or both; several times for several")
    loaded = _load(file, limit)
    rules: dict[str, Any] = {
        "match_case": match_case,
        "count_unknown": count_unknown,
        "most_frequent": most_frequent,
        "seed": seed,
    }
    scored = [score_pairs(loaded, path, **rules) for path in pairs]
    answered = {path: score_analogies(loaded, path, **rules) for path in analogies}
    if scored:
        _print_pairs(scored)
    for path, rows in answered.items():
        _print_analogies(path, rows)
    if as_json:
        sections = [
            {"file": path, "sections": [row.to_dict() for row in rows[:-1]], "total": rows[-1].to_dict()}
            for path, rows in answered.items()
        ]
        print(json.dumps({**_about(file, loaded), "pairs": [s.to_dict() for s in scored], "analogies": sections}))


def _load(file: str, limit: int | None) -> WordVectors:
    from upwell.text.vectors import load_vectors

    loaded = load_vectors(file, limit=limit)
    if loaded.duplicates:
        print(f"{file}: {loaded.duplicates:,} words came again and were left out", file=sys.stderr)
    return loaded


def _about(file: str, loaded: WordVectors) -> dict[str, Any]:
    return {"file": file, "words": len(loaded), "dimension": loaded.dimension, "duplicates": loaded.duplicates}


def _word(word: str) -> str:
    from upwell.text.files import text_of_argument

    return text_of_argument(word)


def _shown(loaded: WordVectors) -> dict[str, Neighbours]:
    """Neighbours of a few frequent words."""
    letters = [word for word in loaded.words if word.isalpha()]
    words = (letters[PASSED_OVER:] or letters)[:SHOWN_WORDS] if len(loaded) > 1 else []
    return {word: loaded.nearest(word, count=SHOWN_NEIGHBOURS) for word in words}


def _print_neighbours(head: str, neighbours: Neighbours) -> None:
    from upwell.cli.layout import pad

    print(head)
    for word, cosine in neighbours:
        print(f"  {pad(word, 24)} {cosine:.4f}")


def _print_pairs(scores: list[PairScore]) -> None:
    from upwell.cli.layout import columns

    heads = ("pairs", "Spearman", "95%", "Pearson", "95%", "lines", "unknown", "skipped")
    rows = []
    for score in scores:
        figures = (*_cells(score.spearman), *_cells(score.pearson))
        rows.append((Path(score.name).name, *figures, str(score.pairs), str(score.unknown), str(score.skipped)))
    print("\n".join(columns([heads, *rows])))


def _print_analogies(path: str, scores: list[AnalogyScore]) -> None:
    from upwell.cli.layout import columns

    heads = (Path(path).name, "accuracy", "95%", "right", "lines", "unknown", "skipped")
    rows = []
    for score in scores:
        counts = (score.correct, score.questions, score.unknown, score.skipped)
        rows.append((score.name, *_cells(score.accuracy), *map(str, counts)))
    print("\n".join(columns([heads, *rows])))


def _cells(figure: Figure) -> tuple[str, str]:
    if figure.value != figure.value:
        return "", ""
    return f"{figure.value:.4f}", f"{figure.low:.3f}–{figure.high:.3f}"
