"""Words of Penn Treebank: test perplexity within a quarter of an hour, beside figures published for GPUs.

    python -m benchmarks.word_level                                   # 1, 3, 7 and 15 minutes of training
    python -m benchmarks.word_level --minutes "0.1 0.2" --keep-nothing

`upwell train` on the training text with words as tokens and nothing tuned on the test text, for growing budgets; perplexity is
exp(nats of the whole test text / its words, line ends counted as words), the usual figure on the usual split (Mikolov et
al. 2010). Published beside it: AWD-LSTM 57.3 without continuous cache (Merity et al. 2018), and the word language model of
pytorch/examples, 72.3 and 87.2 by its README for its large and its small settings.
"""

from __future__ import annotations

import argparse
import math
import shlex
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.report import call, write_result

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "lm-en-ptb"
PUBLISHED = {"AWD-LSTM": 57.3, "pytorch/examples, large": 72.3, "pytorch/examples, small": 87.2}
OPTIONS = "--tokenizer word --vocab-size 10300"


def words_of(text: str) -> int:
    """Words of a text, a line end being one."""
    return len(text.split()) + text.count("\n")


def perplexity(bits_per_byte: float, text: str) -> float:
    """Of a word, from the bits of a byte."""
    return math.exp(bits_per_byte * math.log(2) * len(text.encode("utf-8")) / words_of(text))


def measure(minutes: float, options: str, data: Path, folder: Path) -> dict[str, Any]:
    """One run, with its perplexity on validation and test text."""
    texts = {name: (data / f"{name}.txt").read_text(encoding="utf-8") for name in ("valid", "test")}
    command = [
        sys.executable,
        "-m",
        "upwell",
        "train",
        str(data / "train.txt"),
        "--valid",
        str(data / "valid.txt"),
        "--quiet",
        "--json",
    ]
    command += ["--minutes", f"{minutes:g}", "--overwrite", "--out", str(folder / "run"), *shlex.split(options)]
    figures = call(command)
    tested = call([sys.executable, "-m", "upwell", "evaluate", str(folder / "run"), str(data / "test.txt"), "--json"])
    return {
        "minutes": minutes,
        "seconds": figures["seconds"],
        "model": figures["model"],
        "parameters": figures["parameters"]["total"],
        "tokens": figures["tokens"],
        "valid_perplexity": perplexity(figures["valid_bpb"], texts["valid"]),
        "test_perplexity": perplexity(tested["bits_per_byte"], texts["test"]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", default="1 3 7 15")
    parser.add_argument("--options", default=OPTIONS, help="of upwell train")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--keep-nothing", action="store_true", help="print only; docs/results stays as it is")
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for minutes in map(float, arguments.minutes.split()):
            rows.append(measure(minutes, arguments.options, arguments.data, Path(folder)))
            print(
                f"{minutes:g} minutes: test {rows[-1]['test_perplexity']:.1f}, validation "
                f"{rows[-1]['valid_perplexity']:.1f}, {rows[-1]['tokens'] / 1e6:.1f}m tokens",
                flush=True,
            )
    if not arguments.keep_nothing:
        write_result("word_level", {"options": arguments.options, "published": PUBLISHED, "rows": rows})


if __name__ == "__main__":
    main()
