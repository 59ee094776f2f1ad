"""Peak memory of preparing a text, for growing texts: it should not grow with them.

    python benchmarks/token_store_memory.py            # 10 MB, 100 MB and 1 GB
    python benchmarks/token_store_memory.py --megabytes 10 100

Each size is prepared (split, tokenizer, token stores) in a process of its own from generated text, half English-like
and half Chinese-like words of Zipf frequencies. Peak memory is the process's largest resident set.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.report import write_result


def write_text(path: Path, num_bytes: int) -> None:
    """Write about `num_bytes` of text, a megabyte at a time, the same on every machine."""
    generator = np.random.default_rng(0)
    latin = ["".join(map(chr, generator.integers(97, 123, generator.integers(2, 10)))) + " " for _ in range(20_000)]
    han = ["".join(map(chr, generator.integers(0x4E00, 0x5200, generator.integers(1, 4)))) for _ in range(20_000)]
    written = 0
    with path.open("wb") as file:
        while written < num_bytes:
            words = np.minimum(generator.zipf(1.2, 150_000), 20_000) - 1
            ends = np.where(generator.random(150_000) < 0.08, 1, 0).tolist()
            pieces = latin if written // (1 << 20) % 2 else han
            text = "".join(
                pieces[word] + ("。\n" if end else "") for word, end in zip(words.tolist(), ends, strict=True)
            )
            data = text.encode("utf-8")[: 1 << 20].decode("utf-8", "ignore").encode("utf-8")
            written += file.write(data)


def prepare(path: Path, kind: str, cache: Path) -> dict[str, float]:
    """Prepare one text in this process; return seconds, bytes, tokens and peak memory."""
    import resource

    from upwell.text.corpus import prepare_corpus

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    corpus = prepare_corpus(path, tokenizer_kind=kind, cache=cache)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 1 if sys.platform == "darwin" else 1024
    return {
        "text_bytes": corpus.train.num_bytes + corpus.valid.num_bytes,
        "tokens": corpus.train.num_tokens + corpus.valid.num_tokens,
        "seconds": round(seconds, 2),
        "start_rss_megabytes": round(before * unit / 1e6, 1),
        "peak_rss_megabytes": round(peak * unit / 1e6, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, nargs="+", default=[10, 100, 1000])
    parser.add_argument("--tokenizer", default="bpe")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(prepare(options.one, options.tokenizer, options.one.parent / "cache")))
        return
    figures = {}
    for megabytes in options.megabytes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "text.txt")
            write_text(path, megabytes * 1_000_000)
            command = [sys.executable, "-m", "benchmarks.token_store_memory", "--one", str(path)]
            command += ["--tokenizer", options.tokenizer]
            done = subprocess.run(command, cwd=Path(__file__).parent.parent, stdout=subprocess.PIPE, check=True)
            figures[f"{megabytes}_megabytes"] = json.loads(done.stdout)
            print(megabytes, "MB:", figures[f"{megabytes}_megabytes"], flush=True)
    print(write_result("token_store_memory", {"tokenizer": options.tokenizer, **figures}))


if __name__ == "__main__":
    main()
