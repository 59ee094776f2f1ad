"""What cleaning is worth: one small model trained on a dirty text and on the prepared one, of equal size.

    python -m benchmarks.cleaning_worth                               # 5 seeds, ten minutes
    python -m benchmarks.cleaning_worth --seeds 1 --megabytes 0.5     # to see that it runs

Passages of English novels, of a hundred: 45 as they are, 20 copies (equal or nearly), 12 in a web page's markup, 8 with
mojibake, 12 in Chinese or German, 3 noise. One text is the beginning of that; the other is as much of what `upwell prepare
--keep-language en` makes of a longer piece of the same stream. Both have the same bytes, the model reads bytes, so both runs
take the same tokens. Three texts: dirty, prepared, and passages with no dirt at all, the bound. Bits per byte on a
clean test text; intervals by Student's t over seeds, of the paired difference.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scipy.stats import ttest_1samp

from benchmarks.dirty_text import DATA, PLANT, edited, sentences
from benchmarks.report import call, write_result
from upwell.text.cleaning.encoding import texts_of
from upwell.text.cleaning.preparation import prepare

SHARES = {"clean": 45, "equal": 10, "near": 10, "markup": 12, "mojibake": 8, "foreign": 12, "noise": 3}
PASSAGE = 1500
"""Characters of a passage, about: whole paragraphs."""
TEXT = "lm-en-novels"


def passages(split: str) -> list[str]:
    """The novels in passages, in a fixed random order."""
    text = (DATA / TEXT / f"{split}.txt").read_text(encoding="utf-8")
    found, held = [], ""
    for paragraph in text.split("\n\n"):
        held = f"{held}\n\n{paragraph}" if held else paragraph
        if len(held) >= PASSAGE:
            found.append(held)
            held = ""
    random.Random(0).shuffle(found)
    return found


def dirty(texts: list[str]) -> Iterator[str]:
    """The passages, each once, with dirt among them."""
    chance = random.Random(1)
    pools = sentences()
    kinds = [kind for kind, share in SHARES.items() for _ in range(share)]
    before: list[str] = []
    rest = iter(texts)
    while True:
        kind = chance.choice(kinds) if before else "clean"
        if kind in ("equal", "near"):
            text = chance.choice(before[-200:])
            yield edited(text, "en", chance) if kind == "near" else text
        elif kind == "foreign":
            language = chance.choice(["zh", "de"])
            yield ("" if language == "zh" else " ").join(chance.choices(pools[language], k=15))
        else:
            text = next(rest, "")
            if not text:
                return
            if kind == "clean":
                before.append(text)
            yield PLANT[kind](text, chance) if kind in PLANT else text


def write_text(path: Path, texts: Iterator[str] | list[str], size: int | None) -> int:
    """Write texts as JSON lines until they have `size` bytes, the last cut there; how many bytes were written."""
    written = 0
    with path.open("w", encoding="utf-8") as file:
        for text in texts:
            raw = text.encode("utf-8", "ignore")
            if size is not None:
                raw = raw[: size - written]
            file.write(json.dumps({"text": raw.decode("utf-8", "ignore")}, ensure_ascii=False) + "\n")
            written += len(raw)
            if written == size:
                break
    return written


def train(text: Path, valid: Path, seed: int, arguments: argparse.Namespace, out: Path) -> float:
    """Bits per byte on `valid` after one training."""
    figures = call(
        [
            *(sys.executable, "-m", "upwell", "train", str(text), "--valid", str(valid), "--tokenizer", "byte"),
            *("--size", arguments.size, "--epochs", str(arguments.epochs), "--seed", str(seed), "--patience", "0"),
            *("--out", str(out), "--quiet", "--json"),
        ]
    )  # fmt: skip
    return float(figures["valid_bpb"])


def difference(ours: list[float], base: list[float]) -> dict[str, float | None]:
    """Mean of the paired differences and its 95% interval; none from a single seed."""
    found = [a - b for a, b in zip(ours, base, strict=True)]
    mean = statistics.mean(found)
    if len(found) < 2:
        return {"mean": mean, "low": None, "high": None}
    interval = ttest_1samp(found, 0.0).confidence_interval()
    return {"mean": mean, "low": float(interval.low), "high": float(interval.high)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--megabytes", type=float, help="of each text; by default all that the prepared one has")
    parser.add_argument("--size", default="300k")
    parser.add_argument("--epochs", type=float, default=2)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        raw, valid = folder / "raw.jsonl", folder / "test.jsonl"
        total = write_text(raw, dirty(passages("train")), None)
        write_text(valid, passages("test"), None)
        prepared = prepare(raw, out=folder / "out", keep_language=("en",), skip=("tokens",), valid=0)
        removed = {step["name"]: step["removed"] for step in prepared.report()["steps"] if step["removed"]}
        rows = list(texts_of(prepared.text("train").read_bytes()))
        size = sum(len(row.encode()) for row in rows)
        if arguments.megabytes is not None:
            size = min(size, int(arguments.megabytes * 1e6))
        texts = {"dirty": dirty(passages("train")), "prepared": rows, "without dirt": passages("train")}
        for kind, content in texts.items():
            written = write_text(folder / f"{kind}.jsonl", content, size)
            assert written == size, (kind, written, size)
        found: dict[str, list[float]] = {kind: [] for kind in texts}
        for seed in range(arguments.seeds):
            for kind in texts:
                found[kind].append(
                    train(folder / f"{kind}.jsonl", valid, seed, arguments, folder / f"{kind}-{seed}".replace(" ", "-"))
                )
                print(f"seed {seed} {kind:12} {found[kind][-1]:.4f} bits per byte", flush=True)
    figures: dict[str, Any] = {
        "raw_bytes": total,
        "bytes_of_each_text": size,
        "shares_of_passages": SHARES,
        "size": arguments.size,
        "epochs": arguments.epochs,
        "bits_per_byte": found,
        "prepared_less_dirty": difference(found["prepared"], found["dirty"]),
        "without_dirt_less_prepared": difference(found["without dirt"], found["prepared"]),
        "removed": removed,
    }
    print(json.dumps({name: figures[name] for name in ("prepared_less_dirty", "without_dirt_less_prepared")}))
    print(write_result("cleaning_worth", figures, repeats=arguments.seeds))


if __name__ == "__main__":
    main()
