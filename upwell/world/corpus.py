"""A mixture of views, languages and levels as documents, and its copy on disk.

Document number i of a specification is a function of (version, specification, split, i) alone: documents may be made in
any order, by any number of processes, and come out the same. On disk a corpus is one JSON line a document, a list of
prompts and answers in turn, made once by all processors and then found in the cache.
"""

from __future__ import annotations

import functools
import gc
import hashlib
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

from upwell.text.cache import cache_folder, writable_folder
from upwell.text.examples import Example
from upwell.text.files import atomic_folder, atomic_write_json, remove_folder, remove_leftovers
from upwell.world.chance import Chance, Table
from upwell.world.specification import Specification
from upwell.world.views.views import VIEWS

BLOCK = 64
"""Documents that a process makes at a time."""
SMALL_BYTES = 400_000
"""Less text than this is made in the calling process: starting others takes longer."""

Progress = Callable[[int, int], None]


class Document(NamedTuple):
    """A text of the corpus and what is known of it."""

    turns: tuple[str, ...]
    """In turn what is given and what is to be learned; the first may be empty."""
    view: str
    language: str
    level: int
    bits: float
    """-log2 of the probability of all choices: an upper bound of its information."""

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self.turns)


def make_document(spec: Specification, index: int) -> Document:
    """Document number `index` of `spec`."""
    chance = Chance("document", spec.seed, spec.split, index)
    view, language, level = _kind(spec, chance)
    turns = VIEWS[view].make_turns(chance, level, language, spec.split)
    return Document(tuple(turns), view, language, level, chance.bits)


def make_example(spec: Specification, index: int) -> Example:
    """Example number `index` of `spec`, its view, language and level drawn as those of a document are."""
    chance = Chance("one", spec.seed, spec.split, index)
    view, language, level = _kind(spec, chance)
    return VIEWS[view].make(chance, level, language, spec.split)


def documents(spec: Specification, *, start: int = 0, step: int = 1) -> Iterator[Document]:
    """The documents start, start + step, … without end."""
    for index in itertools.count(start, step):
        yield make_document(spec, index)


def _kind(spec: Specification, chance: Chance) -> tuple[str, str, int]:
    """View, language and level of the next document or example."""
    views, languages, levels = _tables(spec)
    return chance.pick(views), chance.pick(languages), chance.pick(levels)


@functools.cache
def _tables(spec: Specification) -> tuple[Table[str], Table[str], Table[int]]:
    return (
        Table(spec.views, tuple(VIEWS[view].share for view in spec.views)),
        Table(spec.languages),
        Table(spec.levels),
    )


@dataclass(frozen=True)
class Materialized:
    """A corpus on disk."""

    path: Path
    """JSON lines, each the turns of one document."""
    num_bytes: int
    """Of the texts."""
    num_documents: int
    bits: float
    """-log2 of the probability of all choices."""

    @property
    def bound(self) -> float:
        """Bits per byte: no model can do better on average over corpora of this specification."""
        return self.bits / self.num_bytes


def materialize(
    spec: Specification,
    *,
    cache: Path | None = None,
    processes: int | None = None,
    progress: Progress = lambda done, total: None,
) -> Materialized:
    """The corpus of `spec` on disk, from the cache where it is there.

    `processes`: by default one for every processor this process may use. `progress` hears bytes done and wanted.
    """
    root, _ = writable_folder(cache if cache is not None else cache_folder())
    folder = root / "world" / _key(spec)
    found = _open(folder)
    if found is None:
        remove_leftovers(folder.parent)
        try:
            with atomic_folder(folder) as temporary:
                _write(temporary, spec, processes or processors(), progress)
        except FileExistsError:
            pass  # another process has just made the same
        found = _open(folder)
        assert found is not None
    return found


def take_part(whole: Specification, part: Specification, *, cache: Path | None = None) -> Path:
    """JSON lines of those documents of `whole` that are of `part`'s views, languages and levels, up to its megabytes.

    `whole` must hold `part`; where it is not in the cache, it is made.
    """
    assert whole.holds(part)
    world = materialize(whole, cache=cache)
    root, _ = writable_folder(cache if cache is not None else cache_folder())
    folder = root / "world" / _key(whole, part)
    if not folder.exists():
        try:
            with atomic_folder(folder) as temporary:
                _copy_part(world.path, temporary / "world.jsonl", whole, part)
        except FileExistsError:
            pass  # another process has just made the same
    return folder / "world.jsonl"


def _copy_part(source: Path, target: Path, whole: Specification, part: Specification) -> None:
    left = part.megabytes * 1e6
    with source.open(encoding="utf-8") as lines, target.open("w", encoding="utf-8", newline="\n") as file:
        for index, line in enumerate(lines):
            view, language, level = _kind(whole, Chance("document", whole.seed, whole.split, index))
            if view in part.views and language in part.languages and level in part.levels:
                file.write(line)
                left -= len("".join(json.loads(line)).encode("utf-8"))
                if left <= 0:
                    break


@functools.cache
def source_hash() -> str:
    """A hash of all that the texts come from: the code of the world, its lexicon and the prompt formats."""
    here = Path(__file__).parent
    digest = hashlib.blake2b(digest_size=16)
    for path in [*sorted(here.rglob("*.py")), *sorted(here.rglob("*.tsv")), here.parent / "text" / "examples.py"]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _key(*specs: Specification) -> str:
    text = json.dumps([source_hash(), *(spec.to_dict() for spec in specs)])
    return hashlib.blake2b(text.encode("utf-8"), digest_size=16).hexdigest()


def _open(folder: Path) -> Materialized | None:
    try:
        about = json.loads((folder / "about.json").read_bytes())
        path = folder / "world.jsonl"
        if path.stat().st_size == about["file_bytes"]:
            return Materialized(path, about["num_bytes"], about["num_documents"], about["bits"])
    except FileNotFoundError:
        if not folder.exists():
            return None
    except (OSError, ValueError, KeyError, TypeError):
        pass
    remove_folder(folder)  # a damaged entry is made again
    return None


def _write(folder: Path, spec: Specification, processes: int, progress: Progress) -> None:
    wanted = round(spec.megabytes * 1e6)
    done = count = 0
    bits = 0.0
    with (folder / "world.jsonl").open("w", encoding="utf-8", newline="\n") as file, ExitStack() as stack:
        for lines in _blocks(spec, processes if wanted > SMALL_BYTES else 1, stack):
            for line in lines:
                size, cost, turns = line.split(" ", 2)
                file.write(turns.rstrip("\n") + "\n")
                done, count, bits = done + int(size), count + 1, bits + float(cost)
                if done >= wanted:
                    break
            progress(min(done, wanted), wanted)
            if done >= wanted:
                break
        file.flush()
        file_bytes = file.tell()
    atomic_write_json(
        folder / "about.json",
        {
            "format": 1,
            "specification": spec.to_dict(),
            "num_bytes": done,
            "num_documents": count,
            "bits": bits,
            "file_bytes": file_bytes,
        },
    )


def _blocks(spec: Specification, processes: int, stack: ExitStack) -> Iterator[list[str]]:
    """Blocks of documents in the order of their numbers, as lines, without end."""
    if processes == 1 or not sys.executable:
        for block in itertools.count():
            yield list(_lines(spec, block))
    pipes = [stack.enter_context(_Worker(spec, first, processes)).pipe for first in range(processes)]
    for pipe in itertools.cycle(pipes):
        lines = [pipe.readline() for _ in range(BLOCK)]
        if not all(lines):
            raise RuntimeError("a process that writes the world has ended early; its error stands above")
        yield lines


def _lines(spec: Specification, block: int) -> Iterator[str]:
    """Bytes of text, bits and turns of each document; the turns in ASCII, so that any --encoding of other sources fits."""
    for index in range(block * BLOCK, (block + 1) * BLOCK):
        document = make_document(spec, index)
        size = len(document.text.encode("utf-8"))
        yield f"{size} {document.bits:.3f} {json.dumps(document.turns)}"


class _Worker:
    """A fresh interpreter that writes every n-th block of documents to a pipe.

    Not a pool of `multiprocessing`: started in the way that does not copy locks and threads (spawn), it would run the
    user's main script once more in each process, unless that script is guarded.
    """

    def __init__(self, spec: Specification, first: int, step: int) -> None:
        package = str(Path(__file__).resolve().parents[2])
        paths = os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])])
        program = "import sys; from upwell.world.corpus import write_blocks; write_blocks(*sys.argv[1:])"
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, json.dumps(spec.to_dict()), str(first), str(step)],
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": paths, "PYTHONIOENCODING": "utf-8"},
            text=True,
            encoding="utf-8",
        )
        assert self.process.stdout is not None
        self.pipe: IO[str] = self.process.stdout

    def __enter__(self) -> _Worker:
        return self

    def __exit__(self, *error: object) -> None:
        self.process.kill()
        self.pipe.close()
        self.process.wait()


def write_blocks(spec: str, first: str, step: str) -> None:
    """The program of a worker: lines of the blocks first, first + step, … until the reader closes the pipe."""
    specification = Specification.from_dict(json.loads(spec))
    # Documents leave next to no cycles: looking for them took a sixteenth of the time.
    gc.set_threshold(100_000, 50, 100)
    try:
        for block in itertools.count(int(first), int(step)):
            sys.stdout.writelines(line + "\n" for line in _lines(specification, block))
            sys.stdout.flush()
    except (BrokenPipeError, KeyboardInterrupt):
        os._exit(0)  # the reader has enough


def processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
