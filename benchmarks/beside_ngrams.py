"""An LSTM beside what costs nothing: 5-gram Kneser-Ney and `xz -9`, in bits per byte of the same held-out text.

    python -m benchmarks.beside_ngrams                  # three minutes of training each: Chinese characters, English BPE
    python -m benchmarks.beside_ngrams --minutes 0.1

The n-gram model is trained on the same tokens. xz is asked how many more bytes the held-out text costs after the
training text: size(train + valid) - size(train), its dictionary large enough for both; and what the held-out text costs alone.
"""

from __future__ import annotations

import argparse
import json
import lzma
import math
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.report import write_result
from upwell.text.corpus import prepare_corpus
from upwell.text.ngrams import KneserNey

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
TEXTS = (("lm-zh-hongloumeng", "char"), ("lm-en-novels", "bpe"), ("lm-en-novels", "char"))


def kneser_ney_bits(train: Path, valid: Path, tokenizer: str) -> float:
    """Bits per byte of a 5-gram model over the same tokens."""
    corpus = prepare_corpus(train, valid=valid, tokenizer_kind=tokenizer)
    model = KneserNey(corpus.tokenizer.vocab_size, order=5).fit(corpus.train.tokens)
    return -float(model.log2_probability(corpus.valid.tokens).sum()) / corpus.valid.num_bytes


def xz_bits(train: Path, valid: Path) -> tuple[float, float]:
    """Bits per byte of `valid` after `train`, and alone."""
    before, text = train.read_bytes(), valid.read_bytes()

    def size(data: bytes) -> int:
        return len(lzma.compress(data, preset=9))  # xz -9: a dictionary of 64 MiB

    return 8 * (size(before + text) - size(before)) / len(text), 8 * size(text) / len(text)


def train_bits(train: Path, valid: Path, tokenizer: str, minutes: float, folder: Path) -> dict[str, Any]:
    """The figures of an LSTM trained through the command line."""
    command = [sys.executable, "-m", "upwell", "train", str(train), "--valid", str(valid), "--tokenizer", tokenizer]
    command += ["--model", "lstm", "--minutes", str(minutes), "--out", str(folder), "--quiet", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--data", type=Path, default=DATA)
    arguments = parser.parse_args()
    rows = []
    for name, tokenizer in TEXTS:
        train, valid = (arguments.data / name / f"{part}.txt" for part in ("train", "valid"))
        with tempfile.TemporaryDirectory() as folder:
            figures = train_bits(train, valid, tokenizer, arguments.minutes, Path(folder, "run"))
        after, alone = xz_bits(train, valid)
        row = {
            "text": name,
            "tokenizer": tokenizer,
            "lstm_bits_per_byte": figures["valid_bpb"],
            "kneser_ney_5_bits_per_byte": kneser_ney_bits(train, valid, tokenizer),
            "xz_after_training_text": after,
            "xz_alone": alone,
            "parameters": figures["parameters"],
            "tokens": figures["tokens"],
        }
        assert all(math.isfinite(row[key]) for key in row if "bits" in key)
        rows.append(row)
        print(
            f"{name} {tokenizer}: LSTM {row['lstm_bits_per_byte']:.3f}, "
            f"5-gram {row['kneser_ney_5_bits_per_byte']:.3f}, xz -9 {after:.3f} after the training text, {alone:.3f} alone",
            flush=True,
        )
    write_result("beside_ngrams", {"minutes": arguments.minutes, "unit": "bits per byte of valid.txt", "rows": rows})


if __name__ == "__main__":
    main()
