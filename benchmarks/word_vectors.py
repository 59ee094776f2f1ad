"""Word vectors beside gensim: the same scores on public sets, and how fast a file is read.

    python -m benchmarks.word_vectors
    python -m benchmarks.word_vectors --repeats 1 --megabytes 10 --keep-nothing

Scores: GloVe's English vectors of 50 numbers on four sets of pairs and the analogies of Mikolov et al. 2013, and vectors
learned here from two Chinese texts (`upwell vectors train --segment jieba`) on two sets of pairs; rank and linear correlation
and accuracy of both programs, which must be equal. Speed: one synthetic vocabulary in the three formats, read by both in
turn, so that whatever else the machine does meets both.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from gensim.models import KeyedVectors

from benchmarks.report import write_result
from upwell.text import WordVectors, load_vectors, open_sources
from upwell.text.vectors import save_vectors
from upwell.text.vectors.evaluation import score_analogies, score_pairs
from upwell.text.vectors.training import train_vectors

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
CHINESE = ("lm-zh-hongloumeng", "lm-zh-peoplesdaily")
DIMENSION = 300
BYTES_PER_NUMBER = 10.6
"""Of text, about, with the blank."""


def peer_of(vectors: WordVectors) -> KeyedVectors:
    """The same vectors in gensim."""
    peer = KeyedVectors(vectors.dimension)
    peer.add_vectors(list(vectors.words), vectors.matrix)
    return peer


def pair_rows(vectors: WordVectors, folder: Path) -> list[dict[str, Any]]:
    """Scores of both programs on every set of pairs in `folder`."""
    peer, rows = peer_of(vectors), []
    for path in sorted(folder.glob("*.tsv")):
        ours, (pearson, spearman, unknown) = score_pairs(vectors, path), peer.evaluate_word_pairs(path)
        rows.append(
            {
                "set": path.stem,
                "pairs": ours.pairs,
                "unknown": ours.unknown,
                "spearman": ours.to_dict()["spearman"],
                "pearson": ours.to_dict()["pearson"],
                "gensim_spearman": float(spearman[0]),
                "gensim_pearson": float(pearson[0]),
            }
        )
        assert abs(ours.spearman.value - spearman[0]) < 1e-5 and abs(ours.pearson.value - pearson[0]) < 1e-5
        assert abs(100 * ours.unknown / ours.pairs - unknown) < 1e-9
        print(f"{path.stem:12} Spearman {ours.spearman.value:.6f}, gensim {spearman[0]:.6f}", flush=True)
    return rows


def analogy_rows(vectors: WordVectors, path: Path) -> list[dict[str, Any]]:
    """Right answers of both programs, by section and, last, in all."""
    ours, (_, theirs) = score_analogies(vectors, path), peer_of(vectors).evaluate_word_analogies(path)
    rows = [
        {**score.to_dict(), "gensim_correct": len(section["correct"])}
        for score, section in zip(ours, theirs, strict=True)
    ]
    assert all(row["correct"] == row["gensim_correct"] for row in rows)
    print(
        f"analogies    {ours[-1].correct} of {ours[-1].questions} right, gensim {len(theirs[-1]['correct'])}",
        flush=True,
    )
    return rows


def speeds(megabytes: float, repeats: int, folder: Path) -> list[dict[str, Any]]:
    """Megabytes of a file read in a second, by both programs in turn."""
    number = max(10, round(megabytes * 1e6 / BYTES_PER_NUMBER / DIMENSION))
    matrix = np.random.default_rng(0).normal(0, 0.3, (number, DIMENSION)).astype(np.float32)
    vectors = WordVectors(tuple(f"word{row}" for row in range(number)), matrix)
    text, binary, glove = (folder / name for name in ("words.txt", "words.bin", "glove.txt"))
    save_vectors(vectors, text)
    save_vectors(vectors, binary)
    glove.write_bytes(text.read_bytes().partition(b"\n")[2])
    rows = []
    for name, path, options in (
        ("Word2Vec text", text, {}),
        ("Word2Vec binary", binary, {"binary": True}),
        ("GloVe text", glove, {"no_header": True}),
    ):
        size = path.stat().st_size / 1e6
        times: dict[str, list[float]] = {"upwell": [], "gensim": []}
        readers: dict[str, Callable[[], Any]] = {
            "upwell": lambda path=path: load_vectors(path),
            "gensim": lambda path=path, options=options: KeyedVectors.load_word2vec_format(path, **options),
        }
        for _ in range(repeats):
            for program, read in readers.items():
                start = time.perf_counter()
                read()
                times[program].append(time.perf_counter() - start)
        row: dict[str, Any] = {"format": name, "megabytes": round(size, 1), "words": number, "dimension": DIMENSION}
        for program, taken in times.items():
            found = sorted(size / seconds for seconds in taken)
            row[program] = {"median_mb_s": statistics.median(found), "low_mb_s": found[0], "high_mb_s": found[-1]}
        rows.append(row)
        print(
            f"{name:16} {row['upwell']['median_mb_s']:.0f} MB/s, gensim {row['gensim']['median_mb_s']:.0f}", flush=True
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7, help="readings of each file by each program")
    parser.add_argument("--megabytes", type=float, default=100.0, help="size of the text file that is read")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--keep-nothing", action="store_true", help="print only; docs/results stays as it is")
    arguments = parser.parse_args()
    english = load_vectors(arguments.data / "vec-en-glove50" / "glove.6B.50d.slice.txt")
    texts = open_sources([arguments.data / name / "train.txt" for name in CHINESE])
    chinese = train_vectors(texts, segment="jieba", min_count=2, epochs=10)
    figures = {
        "english": {
            "vectors": "GloVe 6B, 50 numbers, 5,219 words",
            "pairs": pair_rows(english, arguments.data / "vec-en-similarity"),
            "analogies": analogy_rows(english, arguments.data / "vec-en-analogy" / "questions-words.txt"),
        },
        "chinese": {
            "vectors": f"learned from {', '.join(CHINESE)}",
            "words": len(chinese.vectors),
            "running_words": chinese.num_words,
            "seconds": chinese.seconds,
            "pairs": pair_rows(chinese.vectors, arguments.data / "vec-zh-similarity"),
        },
    }
    with tempfile.TemporaryDirectory() as folder:
        figures["reading"] = {"files": speeds(arguments.megabytes, arguments.repeats, Path(folder))}
    if not arguments.keep_nothing:
        write_result("word_vectors", figures, repeats=arguments.repeats)


if __name__ == "__main__":
    main()
