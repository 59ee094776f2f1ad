"""Feeds broken input to everything that reads files; only UserError may come out.

    python -m benchmarks.fuzz                   # 10,000 inputs
    python -m benchmarks.fuzz --inputs 1000 --seed 3

`TARGETS` is a table: name -> what writes sound files into a folder, and what reads one of them. Each input is a sound
file mutated (bits, bytes, parts cut, doubled or swapped, other numbers), truncated, or random bytes under its name. A
case is decided by its number and the seed, so a failure can be run again.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from upwell.errors import UserError
from upwell.text.sources import open_source
from upwell.text.stores import TokenStore, build_store
from upwell.text.tokenizer_training import train_tokenizer
from upwell.text.tokenizers import KINDS, Tokenizer

MAX_SECONDS = 20.0
"""An input that takes longer is a failure too."""

TEXT = "It was the best of times.\r\nÉté, naïve: 红楼梦。\n" * 40


@dataclass(frozen=True)
class Target:
    """A reader under test."""

    seeds: Callable[[Path], list[Path]]
    """Writes sound files into a folder and returns those that are to be mutated, one at a time."""
    read: Callable[[Path], object]
    """Reads a mutated file, in the place of the sound one; may raise UserError and nothing else."""


@dataclass(frozen=True)
class Failure:
    """An input that got something else than a UserError out of a reader."""

    target: str
    case: int
    error: str


def source_seeds(folder: Path) -> list[Path]:
    rows = [{"id": str(i), "text": TEXT[: 50 * i], "label": "a"} for i in range(12)]
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    contents = {
        "a.txt": TEXT.encode("utf-8"),
        "a.txt.gz": gzip.compress(TEXT.encode("utf-8"), mtime=0),
        "a.jsonl": lines.encode("utf-8"),
        "a.csv": table.getvalue().encode("utf-8"),
        "a.tsv": "".join(f"{row['id']}\t{row['text']!r}\n" for row in rows).encode("utf-8"),
        "a.md": TEXT.encode("utf-8-sig"),
    }
    paths = []
    for name, content in contents.items():
        (folder / name).write_bytes(content)
        paths.append(folder / name)
    try:
        import pyarrow
        import zstandard
        from pyarrow import parquet
    except ImportError:
        return paths
    (folder / "a.txt.zst").write_bytes(zstandard.compress(TEXT.encode("utf-8")))
    parquet.write_table(pyarrow.Table.from_pylist(rows), folder / "a.parquet")
    return [*paths, folder / "a.txt.zst", folder / "a.parquet"]


def read_source(path: Path) -> object:
    source = open_source(path, errors="replace" if path.stat().st_size % 2 else "strict")
    source.fingerprint()
    return sum(len(piece.text.encode("utf-8")) for piece in source.pieces()), source.description


def tokenizer_seeds(folder: Path) -> list[Path]:
    paths = [folder / f"{kind}.json" for kind in KINDS]
    for kind, path in zip(KINDS, paths, strict=True):
        train_tokenizer(kind, [TEXT], vocab_size=None if kind == "byte" else 300).save(path)
    return paths


def read_tokenizer(path: Path) -> object:
    tokenizer = Tokenizer.load(path)
    assert tokenizer.decode(tokenizer.encode(TEXT)) == TEXT
    return tokenizer


def store_seeds(folder: Path) -> list[Path]:
    (folder / "text.txt").write_text(TEXT, encoding="utf-8", newline="")
    build_store([open_source(folder / "text.txt")], train_tokenizer("byte", []), folder / "store")
    return [folder / "store" / name for name in ("meta.json", "tokens.bin", "offsets.bin")]


def read_store(path: Path) -> object:
    store = TokenStore.open(path.parent)
    assert not len(store) or int(store.tokens.max()) < store.vocab_size
    return store.num_documents


def run_seeds(folder: Path) -> list[Path]:
    from upwell.api import LanguageModel
    from upwell.model.network import Network
    from upwell.model.sizes import network_config
    from upwell.training.checkpoints import Progress, save_checkpoint
    from upwell.training.options import TrainOptions
    from upwell.training.recipe import Recipe
    from upwell.training.runs import Run

    tokenizer = train_tokenizer("char", [TEXT])
    network = Network(network_config("lstm attention", 1500, vocab_size=tokenizer.vocab_size, context=32))
    network.reset_parameters(0)
    run = Run(folder / "run")
    LanguageModel(network, tokenizer).save(run.folder)
    values = {"network": network.config.to_dict(), "recipe": Recipe().to_dict(), "sources": ["a.txt"]}
    values["compute"] = {"device": "cpu", "dtype": "float32", "threads": 2, "workers": 2}
    values["machine"] = {"name": "a processor", "matmul_peaks": {"float32": 1e11}, "trials": {}}
    run.write_config({**values, "options": TrainOptions(minutes=1, valid=("b.txt",)).to_dict()})
    run.result_path.write_text(json.dumps({"format": 1, "tokens": 5}), encoding="utf-8")
    save_checkpoint(run.folder / "checkpoints", Progress(dtype="float32", threads=1), {}, None)
    return [run.config_path, run.weights_path, run.tokenizer_path, run.result_path]


def read_run(path: Path) -> object:
    from upwell.api import LanguageModel
    from upwell.training.runs import Run

    run = Run(path.parent)
    if path == run.result_path:
        return run.result()
    if path == run.config_path:
        run.options()
        run.recipe()
        run.compute()
    model = LanguageModel.load(path.parent)
    return model.generate("It", max_tokens=1, temperature=0)


TARGETS = {
    "sources": Target(source_seeds, read_source),
    "tokenizers": Target(tokenizer_seeds, read_tokenizer),
    "stores": Target(store_seeds, read_store),
    "runs": Target(run_seeds, read_run),
}


def mutate(data: bytes, chance: random.Random) -> bytes:
    """Damage some bytes in one of several ways."""
    way = chance.randrange(10)
    if way == 0:
        return chance.randbytes(chance.randrange(200))
    if way == 1:
        return data[: chance.randrange(len(data) + 1)]
    changed = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 8])):
        place = chance.randrange(len(changed) + 1)
        length = chance.choice([1, 1, 4, 50])
        if way <= 4 and changed:
            changed[place % len(changed)] = chance.randrange(256)
        elif way == 5:
            changed[place : place + length] = chance.randbytes(length)
        elif way == 6:
            del changed[place : place + length]
        elif way == 7:
            changed[place:place] = changed[max(0, place - length) : place]
        elif way == 8:
            interesting = [
                b"\0",
                b"\xff",
                b'"',
                b"\n",
                b"\t",
                b",",
                b"\\ud800",
                b"\xed\xa0\x80",
                b"[" * 5000,
                b"..",
                b"\r",
            ]
            changed[place:place] = chance.choice(interesting)
        else:
            numbers = [b"1e999", b"-1", b"9" * 30, b"0", b"NaN", b"null", b"true", b"[]", b"{}", b'""', b"9" * 5000]
            changed = bytearray(replace_number(bytes(changed), chance.choice(numbers), chance))
    return bytes(changed)


def replace_number(data: bytes, number: bytes, chance: random.Random) -> bytes:
    """Put `number` where some digits are, as in JSON."""
    digits = [i for i, byte in enumerate(data) if 48 <= byte < 58]
    if not digits:
        return data + number
    start = end = chance.choice(digits)
    while end < len(data) and 48 <= data[end] < 58:
        end += 1
    return data[:start] + number + data[end:]


def fuzz(inputs: int, *, seed: int = 0, targets: dict[str, Target] = TARGETS) -> tuple[list[Failure], Counter[str]]:
    """Read `inputs` broken files, spread evenly over the targets; return failures and how often each outcome came."""
    failures: list[Failure] = []
    outcomes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as root:
        for name, target in targets.items():
            folder = Path(root, name)
            folder.mkdir()
            sound = {path: path.read_bytes() for path in target.seeds(folder)}
            for path in sound:
                target.read(path)  # what is not damaged is read
            for case in range(-(-inputs // len(targets))):
                path = list(sound)[case % len(sound)]
                path.write_bytes(mutate(sound[path], random.Random(f"{name} {case} {seed}")))
                started = time.perf_counter()
                try:
                    target.read(path)
                    outcome = "read"
                except UserError as error:
                    outcome = "refused"
                    if "\n" in str(error):
                        failures.append(Failure(name, case, f"{path.name}: more than one line: {error}"))
                except KeyboardInterrupt:
                    raise
                except BaseException as error:
                    outcome = "failed"
                    failures.append(Failure(name, case, f"{path.name}: {type(error).__name__}: {error}"))
                if time.perf_counter() - started > MAX_SECONDS:
                    failures.append(Failure(name, case, f"{path.name}: took more than {MAX_SECONDS} seconds"))
                outcomes[f"{name} {outcome}"] += 1
                path.write_bytes(sound[path])
    return failures, outcomes


def main() -> None:
    from benchmarks.report import write_result

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    started = time.perf_counter()
    failures, outcomes = fuzz(options.inputs, seed=options.seed)
    for failure in failures[:20]:
        print(f"{failure.target} case {failure.case}: {failure.error}"[:500])
    figures = {
        "inputs": sum(outcomes.values()),
        "seed": options.seed,
        "outcomes": dict(sorted(outcomes.items())),
        "failures": len(failures),
        "seconds": round(time.perf_counter() - started, 1),
    }
    print(figures)
    print(write_result("fuzz", figures))
    raise SystemExit(1 if failures else 0)


if __name__ == "__main__":
    main()
