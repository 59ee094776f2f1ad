"""The text of the micro-world as text: entropy bound beside Kneser-Ney, type coverage, Zipf.

    python -m benchmarks.world_text                  # 5 MB for the n-gram model, 5 MB a language for the words
    python -m benchmarks.world_text --megabytes 1

The bound is what the generator's choices cost, in bits per byte of the validation text. The 5-gram model is interpolated
modified Kneser-Ney over words (English) and characters (Chinese), trained on the training text, its vocabulary taken
from it; a word that is not in it is spelled in bytes, at 8 bits each. Nats per word count what lies between blanks, and
each Chinese character. Coverage: the share of the lexicon's nouns, verbs, adjectives and adverbs in 5 MB of text of a
language.
"""

from __future__ import annotations

import argparse
import math
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import RESULTS, write_result
from upwell.text.ngrams import KneserNey
from upwell.world.constructions import forms_of
from upwell.world.corpus import Document, documents
from upwell.world.lexicon import lexicon
from upwell.world.specification import Specification

TOKEN = re.compile(r"[A-Za-z']+|\d|[\u4e00-\u9fff]|\s+|[^\w\s]|\w")
WORD = re.compile(r"[A-Za-z'-]+|\d+|[\u4e00-\u9fff]")
END = "\0"
UNKNOWN = "\1"
ORDER = 5


def draw(spec: Specification, num_bytes: float) -> list[Document]:
    """Documents of about so many bytes."""
    found, size = [], 0
    for document in documents(spec):
        found.append(document)
        size += len(document.text.encode("utf-8"))
        if size >= num_bytes:
            return found
    raise AssertionError("documents have no end")


def tokens(texts: list[Document]) -> Iterator[str]:
    for document in texts:
        yield from TOKEN.findall(document.text)
        yield END


def size_of(texts: list[Document]) -> int:
    return sum(len(document.text.encode("utf-8")) for document in texts)


def beside_kneser_ney(spec: Specification, num_bytes: float, held_bytes: float) -> dict[str, Any]:
    """Bits per byte of the 5-gram model on validation text, and the bound."""
    train, valid = draw(spec, num_bytes), draw(spec.held_out(), held_bytes)
    vocabulary = {word: number for number, word in enumerate([UNKNOWN, *dict.fromkeys(tokens(train))])}
    ids = np.fromiter((vocabulary[word] for word in tokens(train)), np.int64)
    model = KneserNey(len(vocabulary), order=ORDER).fit(ids)
    held = list(tokens(valid))
    bits = -model.log2_probability([vocabulary.get(word, 0) for word in held]).sum()
    spelled = sum(8 * len(word.encode("utf-8")) for word in held if word not in vocabulary)
    bytes_held, words = size_of(valid), sum(len(WORD.findall(document.text)) for document in valid)
    bound = sum(document.bits for document in valid)
    total = float(bits) + spelled
    return {
        "train_bytes": size_of(train),
        "valid_bytes": bytes_held,
        "valid_words": words,
        "unknown_words": sum(word not in vocabulary for word in held),
        "bound_bits_per_byte": bound / bytes_held,
        "kneser_ney_5_bits_per_byte": total / bytes_held,
        "gap_bits_per_byte": (total - bound) / bytes_held,
        "gap_nats_per_word": (total - bound) * math.log(2) / words,
    }


def coverage(language: str, num_bytes: float) -> dict[str, Any]:
    """Share of the lexicon's entries whose word stands in the text, and the missing ones."""
    text = "\n".join(document.text for document in draw(Specification(languages=(language,)), num_bytes))
    words = lexicon()
    missing: list[str] = []
    entries = [*words.nouns, *words.verbs, *words.adjectives, *words.adverbs]
    if language == "en":
        said = f" {' '.join(re.findall(r'[a-z-]+', text.lower()))} "
        for entry in entries:
            forms = {entry.english, getattr(entry, "plural", ""), getattr(entry, "comparative", "")} - {""}
            if entry.id in words.verb and hasattr(entry, "frame"):
                forms |= set(forms_of(entry.id))
            if not any(f" {form.lower()} " in said for form in forms):
                missing.append(entry.english)
    else:
        missing = [entry.chinese for entry in entries if entry.chinese not in text]
    return {"entries": len(entries), "share": 1 - len(missing) / len(entries), "missing": missing[:60]}


def zipf(language: str, num_bytes: float) -> tuple[dict[str, Any], np.ndarray[Any, Any]]:
    """Slope and fit of log frequency over log rank, ranks 10 to 1,000."""
    texts = draw(Specification(views=("story",), languages=(language,)), num_bytes)
    counts = Counter(word.lower() for document in texts for word in WORD.findall(document.text))
    frequencies = np.array(sorted(counts.values(), reverse=True), float)
    low, high = 10, min(1000, len(frequencies))
    ranks = np.log10(np.arange(low, high + 1))
    logs = np.log10(frequencies[low - 1 : high])
    slope, offset = np.polyfit(ranks, logs, 1)
    left = logs - (slope * ranks + offset)
    fit = 1 - float((left**2).sum() / ((logs - logs.mean()) ** 2).sum())
    return {"types": len(counts), "slope": float(slope), "r_squared": fit}, frequencies


def plot(frequencies: dict[str, np.ndarray[Any, Any]], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 4))
    for (name, values), colour in zip(frequencies.items(), ("#2b6cb0", "#c05621"), strict=True):
        axes.loglog(np.arange(1, len(values) + 1), values / values.sum(), label=name, color=colour)
    ranks = np.array([1.0, 1000.0])
    axes.loglog(ranks, 0.1 / ranks, color="#888888", linestyle=":", label="1 / rank")
    axes.set_xlabel("rank")
    axes.set_ylabel("frequency")
    axes.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, default=5.0)
    arguments = parser.parse_args()
    size = arguments.megabytes * 1e6
    figures: dict[str, Any] = {}
    for name, spec in {
        "mixture": Specification(),
        "stories en": Specification(views=("story",), languages=("en",)),
        "stories zh": Specification(views=("story",), languages=("zh",)),
    }.items():
        figures[name] = beside_kneser_ney(spec, size if name == "mixture" else size / 2, min(4e5, size / 5))
        row = figures[name]
        print(
            f"{name}: bound {row['bound_bits_per_byte']:.3f} bpb, Kneser-Ney {row['kneser_ney_5_bits_per_byte']:.3f}, "
            f"gap {row['gap_bits_per_byte']:.3f} bpb, {row['gap_nats_per_word']:.3f} nats a word",
            flush=True,
        )
    curves = {}
    for language, name in (("en", "English words"), ("zh", "Chinese characters")):
        figures[f"coverage {language}"] = coverage(language, size)
        figures[f"zipf {language}"], curves[name] = zipf(language, size / 2)
        print(
            f"{language}: {figures[f'coverage {language}']['share']:.1%} of the lexicon, missing "
            f"{figures[f'coverage {language}']['missing']}; Zipf {figures[f'zipf {language}']}",
            flush=True,
        )
    plot(curves, RESULTS.parent / "images" / "world_zipf.png")
    write_result("world_text", figures)


if __name__ == "__main__":
    main()
