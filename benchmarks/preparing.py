"""Preparing a large text: each step's speed beside its library's, the whole, memory, a killed run, one process or two.

    python -m benchmarks.preparing                                          # 1 GB, twenty minutes
    python -m benchmarks.preparing --megabytes 20 --again 10 --sample 2     # to see that it runs

The text is that of benchmarks.dirty_text: English, Chinese and German of real sets with planted dirt, 2 KB a document.

- whole: `upwell prepare` without its tokens, and with all default steps; memory is that of all its processes together (on
  Linux the proportional set size, so that what they share counts once), looked at four times a second.
- ours: seconds of all processes, less those that a step took (they end early while another still works; they wait for what
  is read; rows are written), to those that steps took.
- again: a run that is killed at a third of its batches and called again, a run on one process, each against the first,
  file by file.
- one line: a plain text of 100 MB without a line end.
- beside: each step and the bare call of the library under it on the same documents in one process, in turns. A bare call is
  what a user of the library would write, on every document. Where our step asks first whether there is anything to do, it is
  the quicker one. Normalisation, the rules and the hashes of copies are our own; datasketch's MinHash stands beside the last
  where it is installed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil

from benchmarks.dirty_text import documents, write
from benchmarks.report import write_result
from upwell.text.cleaning import PrepareOptions
from upwell.text.cleaning.characters import Texts
from upwell.text.cleaning.documents import Document, in_parts, read_batches
from upwell.text.cleaning.duplicates import SHINGLE, Sketches
from upwell.text.cleaning.encoding import Encode, texts_of
from upwell.text.cleaning.preparation import open_texts
from upwell.text.cleaning.private import REGIONS
from upwell.text.cleaning.steps import PART_CHARACTERS, steps_of


def command(text: Path, out: Path, *more: str) -> list[str]:
    """The command line of a preparation."""
    return [sys.executable, "-m", "upwell", "prepare", str(text), "--out", str(out), "--quiet", "--json", *more]


def whole(text: Path, out: Path, *more: str) -> dict[str, Any]:
    """Prepare `text`; seconds, MB/s, peak memory, what each step took."""
    started = time.perf_counter()
    process = subprocess.Popen(command(text, out, *more), stdout=subprocess.DEVNULL)
    peak = Peak(process.pid)
    peak.start()
    code = process.wait()
    seconds = time.perf_counter() - started
    peak.ended.set()
    peak.join()
    if code:
        raise SystemExit(f"upwell prepare ended with {code}")
    report = json.loads((out / "report.json").read_bytes())
    size = report["bytes"]["in"]
    steps = {step["name"]: step for step in report["steps"]}
    spent = {name: step["seconds"] for name, step in steps.items()}
    return {
        "seconds": seconds,
        "megabytes": size / 1e6,
        "megabytes_per_second": size / 1e6 / seconds,
        "documents": report["documents"],
        "processes": report["workers"],
        "peak_memory_megabytes": peak.megabytes,
        "step_megabytes_per_second": {
            name: step["bytes_in"] / 1e6 / step["seconds"] for name, step in steps.items() if step["seconds"]
        },
        "seconds_of": {**spent, **{name: report["seconds"][name] for name in ("tokenizer", "tokens", "all") if name in report["seconds"]}},
    }  # fmt: skip


class Peak(threading.Thread):
    """Watches the memory of a process and all that it began."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.process = psutil.Process(pid)
        self.ended = threading.Event()
        self.megabytes = 0.0

    def run(self) -> None:
        while not self.ended.wait(0.25):
            self.megabytes = max(self.megabytes, self._now() / 1e6)

    def _now(self) -> float:
        try:
            found = [self.process, *self.process.children(recursive=True)]
        except psutil.Error:
            return 0.0
        total = 0.0
        for process in found:
            try:
                total += getattr(process.memory_full_info(), "pss", 0) or process.memory_info().rss
            except psutil.Error:
                continue
        return total


def killed(text: Path, out: Path, *more: str) -> float:
    """Begin to prepare `text`, kill all of it at a third of its batches, and call it again; seconds until the kill."""
    batches = max(1, text.stat().st_size // (1 << 22) // 3)
    started = time.perf_counter()
    process = subprocess.Popen(command(text, out, *more), stdout=subprocess.DEVNULL, start_new_session=True)
    while len(list(out.glob("work/batch-*.npz"))) < batches:
        if process.poll() is not None:
            raise SystemExit("the run ended before it could be killed")
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    seconds = time.perf_counter() - started
    subprocess.run(command(text, out, *more), stdout=subprocess.DEVNULL, check=True)
    return seconds


def one_line(megabytes: float) -> Iterator[str]:
    """The documents without their line ends."""
    return (" ".join(row["text"].split()) for row in documents(megabytes))


def digests(out: Path) -> dict[str, str]:
    """A hash of every file of a prepared text, but those that hold times."""
    return {
        str(path.relative_to(out)): hashlib.blake2b(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file() and not path.name.startswith("report.")
    }


def beside(text: Path, repeats: int) -> dict[str, Any]:
    """Each step and its library on the documents of `text`, in turns: MB/s, and how much more time ours takes."""
    options = PrepareOptions()
    steps, quality, _ = steps_of(options)
    rows = [document for batch in read_batches(open_texts([text], options)) for document in batch.documents]
    found: dict[str, Any] = {}
    found["read"] = in_turns(
        lambda: sum(len(batch.documents) for batch in read_batches(open_texts([text], options))),
        lambda: list(texts_of(text.read_bytes())),
        _size(rows),
        repeats,
    )
    for step in steps:
        here = rows
        if step.name == "markup":  # of the few that hold any: the others cost both nothing
            here = [document for document in rows if "<" in document.text]
        bare = _bare(step.name, here)

        def ours(step: Any = step, here: Sequence[Document] = here) -> Any:
            return step.apply(here, Counter())

        found[step.name] = in_turns(ours, bare, _size(here), repeats)
        after = step.apply(rows, Counter())
        rows = [document for document in after if isinstance(document, Document)]
    assert quality is not None
    parts = list(in_parts(rows, PART_CHARACTERS))
    found["quality"] = in_turns(
        lambda: [quality.apply(part, Counter(), Texts([d.text for d in part])) for part in parts],
        None,
        _size(rows),
        repeats,
    )
    texts = [(part, Texts([d.text for d in part])) for part in parts]
    for _, arrays in texts:
        arrays.ngram_hashes(SHINGLE)
    found["sketch"] = in_turns(
        lambda: [Sketches.of([d.text for d in part], arrays) for part, arrays in texts],
        _datasketch(rows),
        _size(rows),
        repeats,
    )
    found["tokens"] = _tokens_beside(rows, repeats)
    return found


def _bare(name: str, documents: Sequence[Document]) -> Callable[[], Any] | None:
    if name == "repair":
        import ftfy

        config = steps_of(PrepareOptions()).steps[0]._config  # type: ignore[attr-defined]
        return lambda: [ftfy.fix_text(document.text, config) for document in documents]
    if name == "markup":
        from selectolax.lexbor import LexborHTMLParser

        def strip() -> None:
            for document in documents:
                tree = LexborHTMLParser(document.text)
                tree.strip_tags(["script", "style", "noscript", "template", "svg", "head"])
                if tree.body is not None:
                    tree.body.text(separator="\n", strip=True)

        return strip
    if name == "language":
        from py3langid.langid import MODEL_FILE, LanguageIdentifier

        identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
        # What our step looks at too: all of a text would take ten times as long.
        return lambda: [identifier.classify(document.text.encode()[:300].decode("utf-8", "ignore")) for document in documents]  # fmt: skip
    if name == "private":
        import phonenumbers

        return lambda: [
            list(phonenumbers.PhoneNumberMatcher(document.text, REGIONS.get(document.language, "US")))
            for document in documents
        ]
    return None


def _datasketch(documents: Sequence[Document]) -> Callable[[], Any] | None:
    try:
        from datasketch import MinHash
    except ImportError:
        return None

    def sketch() -> None:
        for document in documents:
            words = document.text.lower().split() if document.language != "zh" else list(document.text)
            shingles = {" ".join(words[i : i + SHINGLE]) for i in range(max(1, len(words) - SHINGLE + 1))}
            MinHash(num_perm=120).update_batch([shingle.encode() for shingle in shingles])

    return sketch


def _tokens_beside(documents: Sequence[Document], repeats: int) -> dict[str, Any]:
    from upwell.text.tokenizer_training import train_tokenizer

    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    texts = [document.text for document in documents]
    tokenizer = train_tokenizer("bpe", iter(texts))
    rows = b"".join((json.dumps({"text": text}, ensure_ascii=False) + "\n").encode() for text in texts)
    encode = Encode(tokenizer.to_json(), alone=False)
    library = tokenizer.backend
    return in_turns(
        lambda: encode((0, rows)),
        lambda: [encoded.ids for encoded in library.encode_batch_fast(texts, add_special_tokens=False)],
        _size(documents),
        repeats,
    )


def in_turns(ours: Callable[[], Any], bare: Callable[[], Any] | None, size: float, repeats: int) -> dict[str, Any]:
    """MB/s of both (medians) and the time that ours takes more, as a share (median, least, most)."""
    first, second = [], []
    for _ in range(repeats):
        first.append(_seconds(ours))
        if bare is not None:
            second.append(_seconds(bare))
    figures: dict[str, Any] = {"megabytes_per_second": size / statistics.median(first)}
    if bare is not None:
        more = [a / b - 1 for a, b in zip(first, second, strict=True)]
        figures["bare_megabytes_per_second"] = size / statistics.median(second)
        figures["overhead"] = {"median": statistics.median(more), "low": min(more), "high": max(more)}
    return figures


def _seconds(call: Callable[[], Any]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _size(documents: Sequence[Document]) -> float:
    return sum(len(document.text.encode("utf-8")) for document in documents) / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, default=1000, help="of the text for the two whole runs")
    parser.add_argument("--again", type=float, default=300, help="MB of the text that is prepared three times")
    parser.add_argument("--line", type=float, default=100, help="MB of a text that is one line")
    parser.add_argument("--sample", type=float, default=10, help="MB that each step and its library work on")
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        out, text = Path(folder, "out"), Path(folder, "dirty.jsonl")
        write(text, arguments.sample)
        figures["beside"] = beside(text, arguments.repeats)
        print(json.dumps(figures["beside"], indent=2), flush=True)
        write(text, arguments.megabytes)
        for name, more in (("without_tokens", ["--skip", "tokens"]), ("all_steps", [])):
            figures[name] = whole(text, out, *more)
            shutil.rmtree(out)
            row = figures[name]
            if name == "without_tokens":
                steps = sum(
                    seconds for step, seconds in row["seconds_of"].items() if step not in ("tokenizer", "tokens", "all")
                )
                row["ours"] = row["processes"] * row["seconds"] / steps - 1
            print(
                f"{name}: {row['megabytes_per_second']:.2f} MB/s, peak {row['peak_memory_megabytes']:,.0f} MB",
                flush=True,
            )
        write(text, arguments.again)
        whole(text, out)
        first = digests(out)
        shutil.rmtree(out)
        figures["killed_after_seconds"] = killed(text, out)
        figures["equal_after_kill"] = digests(out) == first
        shutil.rmtree(out)
        figures["one_process"] = whole(text, out, "--workers", "1")
        figures["equal_on_one_process"] = digests(out) == first
        figures["files_compared"] = len(first)
        shutil.rmtree(out)
        line = Path(folder, "line.txt")
        line.write_text(" ".join(one_line(arguments.line)), encoding="utf-8")
        figures["one_line"] = whole(line, out, "--skip", "tokens")
    print(write_result("preparing", figures, repeats=arguments.repeats))


if __name__ == "__main__":
    main()
