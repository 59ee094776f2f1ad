"""Peak memory of training and tokens/s over sizes from 100k to 100m parameters, and time per token over lengths of text.

    python -m benchmarks.memory                                       # about half an hour on two cores
    python -m benchmarks.memory --sizes "20k" --texts 100000 --tokens 3k --keep-nothing

Every figure is from a whole `upwell train` process, given so many tokens, or those behind the colon of a size: its peak
resident memory as the system counts it, beside the peak that `upwell plan` foresees, and the run's tokens/s. The second
table trains one size on 1 MB to 1 GB of text (the embedded world's stories, repeated), with one validation text for all:
time per token and memory should not grow with the text.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.report import call, write_result
from upwell.model.config import MIXERS
from upwell.text.corpus import prepare_corpus
from upwell.world.source import open_worlds

VALID_BYTES = 20_000
"""Of the validation text."""
PROGRAM = """
import resource, runpy, sys
sys.argv = ["upwell", *sys.argv[1:]]
try:
    runpy.run_module("upwell", run_name="__main__")
finally:
    print(1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def train(source: Path, family: str, size: str, tokens: str, vocabulary: int, folder: Path) -> dict[str, Any]:
    """Peak memory in bytes, planned and true, and speed of one run."""
    options = [
        "--model",
        family,
        "--size",
        size,
        "--tokens",
        tokens,
        "--tokenizer",
        "bpe",
        "--vocab-size",
        str(vocabulary),
    ]
    command = [sys.executable, "-c", PROGRAM, "train", str(source), *options, "--quiet", "--json", "--overwrite"]
    command += ["--valid", str(folder / "valid.txt"), "--out", str(folder / "run")]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    lines = done.stdout.splitlines()
    figures = json.loads(next(line for line in reversed(lines) if line.startswith("{")))
    foreseen = [sys.executable, "-m", "upwell", "plan", str(source), *options, "--json"]
    return {
        "family": family,
        "size": size,
        "parameters": figures["parameters"]["total"],
        "tokens_per_second": round(figures["tokens_per_second"]),
        "peak_bytes": int(lines[-1]),
        "planned_bytes": call(foreseen)["memory_bytes"],
        "seconds": round(figures["seconds"], 2),
    }


def write_text(path: Path, size: int) -> None:
    """`size` bytes of the embedded world's stories, at most 8 MB of them different."""
    made = open_worlds([f"world:views=story,megabytes={max(1, min(8, size // 1_000_000))}"])
    corpus = prepare_corpus(made.sources, valid=made.valid, tokenizer_kind="byte")
    text = corpus.tokenizer.decode(corpus.train.tokens[:size].tolist()).encode()
    with path.open("wb") as file:
        for _ in range(max(1, size // len(text))):
            file.write(text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--families", default=" ".join(MIXERS))
    parser.add_argument(
        "--sizes", default="100k 1m 10m 100m:8k", help="each with its own number of tokens behind a colon"
    )
    parser.add_argument("--texts", default="1000000 10000000 100000000 1000000000", help="bytes")
    parser.add_argument("--tokens", default="20k")
    parser.add_argument("--vocabulary", type=int, default=4096)
    parser.add_argument("--keep-nothing", action="store_true", help="print only; docs/results stays as it is")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        texts = [int(size) for size in arguments.texts.split()]
        by_size, by_text = [], []
        write_text(folder / "valid.txt", VALID_BYTES)
        write_text(folder / "text.txt", texts[0] if texts else 1_000_000)
        for family in arguments.families.split():
            for size, _, own in (part.partition(":") for part in arguments.sizes.split()):
                tokens = own or arguments.tokens
                row = train(folder / "text.txt", family, size, tokens, arguments.vocabulary, folder)
                by_size.append(row)
                print(row, flush=True)
        for count in texts:
            write_text(folder / "text.txt", count)
            row = train(folder / "text.txt", "lstm", "1m", arguments.tokens, arguments.vocabulary, folder)
            by_text.append({"bytes": count, **row})
            print(by_text[-1], flush=True)
    if not arguments.keep_nothing:
        write_result("memory", {"tokens": arguments.tokens, "by_size": by_size, "by_text": by_text})


if __name__ == "__main__":
    main()
