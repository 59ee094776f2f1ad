"""From sources to a prepared text: the passes, what is kept between them, and how a killed run goes on.

1. Clean: batches go through the steps in any number of processes; each leaves one file.
2. Decide: over all documents at once, which are copies, and which are held out.
3. Write: the documents that stay, in their order, as train.jsonl and valid.jsonl.
4. Tokens: a tokenizer from a sample of the training part; ids of every batch, each in a file; the stores.
5. Report.

Whatever is in a file is not computed again. The outcome depends on the sources and the options alone.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from upwell.errors import UserError
from upwell.text.cleaning.batch_files import join_arrays, read_arrays, write_arrays
from upwell.text.cleaning.documents import Batch, read_batches
from upwell.text.cleaning.duplicates import BANDS, ROWS, Sketches, copies
from upwell.text.cleaning.encoding import Encode, read_ranges, train_on
from upwell.text.cleaning.folders import LOCK, begin, key_of
from upwell.text.cleaning.options import PrepareOptions
from upwell.text.cleaning.report import LanguageCount, collect
from upwell.text.cleaning.steps import EXAMPLES, SHOWN, CleanBatch, Steps, Tally, steps_of
from upwell.text.clusters import map_on_cluster
from upwell.text.decoding import Piece
from upwell.text.files import atomic_folder, atomic_write_json, lock_file, remove_leftovers
from upwell.text.prepared import PREPARED_FORMAT, SPLITS, Prepared
from upwell.text.processes import map_in_order
from upwell.text.sources import PREPARED, Source, open_sources
from upwell.text.splits import Split, split_documents
from upwell.text.stores import StoreWriter
from upwell.text.tokenizers import Tokenizer

Observer = Callable[[str, dict[str, Any]], None]


def prepare(
    sources: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    out: str | os.PathLike[str],
    overwrite: bool = False,
    observe: Observer = lambda kind, figures: None,
    **options: Any,
) -> Prepared:
    """Clean the text in `sources` and write it, with its tokens and a report, to the folder `out`.

    Arguments: `sources`, one or several of what `open_source` takes; `options`, the fields of PrepareOptions; `observe`
    is told of what happens. A run that was killed goes on when it is called again in the same way; one that is complete
    is returned as it is.

    Raises UserError for bad sources and options, and where `out` holds something else.
    """
    names = [sources] if isinstance(sources, str | os.PathLike) else list(sources)
    if not names:
        raise UserError("no source of text was given")
    wanted = PrepareOptions(**options)
    opened = open_texts(names, wanted)
    folder = Path(os.path.abspath(out))
    key = key_of(opened, wanted)
    found = begin(folder, key, overwrite)
    if found is not None:
        return found
    with lock_file(folder / LOCK):
        try:
            found = _Preparation(folder, key, opened, wanted, observe).run()
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise UserError(
                f"{folder}: the disk is full; make room and give the same command again, which goes on"
            ) from error
    (folder / LOCK).unlink(missing_ok=True)
    return found


def open_texts(names: Sequence[str | os.PathLike[str]], options: PrepareOptions) -> list[Source]:
    """Open the sources of a preparation, as `options` say that they are to be read."""
    return open_sources(
        names,
        encoding=options.encoding,
        errors=options.errors,
        column=options.column,
        lenient=options.errors == "replace",
    )


@dataclass(frozen=True)
class _Decision:
    """What becomes of the n documents that the steps let through."""

    kept: NDArray[np.bool_]
    hashes: NDArray[np.uint64]
    """Equal for copies: what splitting goes by."""
    split: Split
    tally: Tally


class _Preparation:
    def __init__(
        self, folder: Path, key: str, sources: Sequence[Source], options: PrepareOptions, observe: Observer
    ) -> None:
        self.folder = folder
        self.work = folder / "work"
        self.key = key
        self.sources = sources
        self.options = options
        self.observe = observe
        self.workers = options.workers or os.cpu_count() or 1
        self.steps = Steps(options)
        steps_of(options)  # a missing package is told of before anything is read

    def run(self) -> Prepared:
        started = time.perf_counter()
        self.work.mkdir(exist_ok=True)
        remove_leftovers(self.work)
        remove_leftovers(self.folder)
        atomic_write_json(self.work / "key.json", {"key": self.key})
        read = self._clean()
        batches = [self._batch_path(number) for number in range(read["batches"])]
        tallies = self._tallies(batches, read)
        decision, languages, sizes = self._decide(batches)
        tallies.append(decision.tally)
        if not decision.kept.any():
            removed = ", ".join(f"{reason}: {count}" for tally in tallies for reason, count in tally.removed.items())
            raise UserError(f"nothing is left of {', '.join(s.spec for s in self.sources)} ({removed or 'no text'})")
        splits = self._write(batches, decision)
        tokenizer = None
        seconds = {}
        if "tokens" not in self.options.skip:
            began = time.perf_counter()
            tokenizer = self._tokenizer()
            seconds["tokenizer"] = time.perf_counter() - began
            for split in SPLITS:
                if (self.folder / f"{split}.jsonl").exists():
                    self._store(split, tokenizer)
            seconds["tokens"] = time.perf_counter() - began - seconds["tokenizer"]
        content = self._content(tallies[0], splits)
        self.observe("report", {})
        report = collect(
            folder=self.folder,
            content=content,
            tallies=tallies,
            languages=languages,
            sizes=sizes,
            tokenizer=tokenizer,
            compare=self.options.compare,
            vocab_size=self.options.vocab_size,
            seconds={**seconds, "read": read["seconds"], "all": time.perf_counter() - started},
            workers=self.workers,
        )
        atomic_write_json(self.folder / "report.json", report)
        atomic_write_json(self.folder / PREPARED, content)
        shutil.rmtree(self.work, ignore_errors=True)
        return Prepared(self.folder, content)

    def _map(self, function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        if self.options.engine == "ray":
            return map_on_cluster(function, items, workers=self.workers)
        return map_in_order(function, items, workers=self.workers)

    # 1. clean

    def _batch_path(self, number: int) -> Path:
        return self.work / f"batch-{number:06}.npz"

    def _clean(self) -> dict[str, Any]:
        """Run the steps on every batch that has no file yet; what was read, in figures."""
        marker = self.work / "read.json"
        if marker.exists():
            found: dict[str, Any] = json.loads(marker.read_bytes())
            if all(self._batch_path(number).exists() for number in range(found["batches"])):
                return found
        read: dict[str, Any] = {"batches": 0, "documents": 0, "seconds": 0.0}
        characters = 0

        def wanted() -> Iterator[Batch]:
            nonlocal characters
            began = time.perf_counter()
            for batch in read_batches(self.sources, documents=self.options.documents):
                read["batches"] += 1
                read["documents"] += len(batch.documents)
                characters += sum(len(document.text) for document in batch.documents)
                read["seconds"] += time.perf_counter() - began
                self.observe("read", {"documents": read["documents"], "characters": characters})
                if not self._batch_path(batch.number).exists():
                    yield batch
                began = time.perf_counter()

        for clean in self._map(self.steps, wanted()):
            self._save(clean)
            self.observe("clean", {"batch": clean.number, "bytes": int(clean.sizes.sum())})
        read["found"] = dict(sum((source.reading.found for source in self.sources), Counter()))
        atomic_write_json(marker, read)
        return read

    def _save(self, clean: CleanBatch) -> None:
        write_arrays(
            self._batch_path(clean.number),
            rows=np.frombuffer(clean.rows, np.uint8),
            offsets=clean.offsets,
            sizes=clean.sizes,
            languages=np.array(clean.languages, "S8"),
            digests=clean.sketches.digests,
            bands=clean.sketches.bands,
            values=clean.sketches.values,
            tallies=np.frombuffer(json.dumps([tally.to_dict() for tally in clean.tallies]).encode(), np.uint8),
        )

    def _tallies(self, batches: Sequence[Path], read: dict[str, Any]) -> list[Tally]:
        """What reading and each step did, over all batches."""
        total: dict[str, Tally] = {}
        for path in batches:
            for values in json.loads(read_arrays(path, "tallies")["tallies"].tobytes()):
                tally = Tally.from_dict(values)
                total.setdefault(tally.name, Tally(tally.name)).add(tally)
        documents, size = read["documents"], next(iter(total.values())).bytes_in if total else 0
        reading = Tally("read", documents, documents, size, size, seconds=read["seconds"])
        reading.counts.update(read["found"])
        return [reading, *total.values()]

    # 2. decide

    def _decide(self, batches: Sequence[Path]) -> tuple[_Decision, list[LanguageCount], NDArray[np.int64]]:
        """Find copies and the part to hold out; also languages and sizes of what stays."""
        started = time.perf_counter()
        self.observe("decide", {})
        sizes = join_arrays(batches, "sizes", np.int64)
        languages = join_arrays(batches, "languages", "S8")
        sketches = self._sketches(batches, len(sizes))
        drops = "duplicates" not in self.options.skip
        first = copies(sketches, near=self.options.near < 1, least=self.options.near)
        is_copy = first != np.arange(len(sizes))
        kept = ~is_copy if drops else np.ones(len(sizes), bool)
        tally = Tally("duplicates", len(sizes), int(kept.sum()), int(sizes.sum()), int(sizes[kept].sum()))
        if drops:
            equal = is_copy & (sketches.digests == sketches.digests[first]).all(axis=1)
            for reason, rows in (("equal to another", equal), ("near copy of another", is_copy & ~equal)):
                if rows.any():
                    tally.removed[reason] = int(rows.sum())
                    tally.examples[reason] = self._examples(batches, np.flatnonzero(rows)[:EXAMPLES], first)
        else:
            tally.name = "groups"
        hashes = np.asarray(sketches.digests[first, 0])
        split = (
            split_documents(hashes[kept], sizes[kept], share=self.options.valid)
            if self.options.valid and kept.any()
            else Split()
        )
        tally.seconds = time.perf_counter() - started
        found = LanguageCount.of(languages[kept], sizes[kept])
        del sketches
        for name in ("digests", "bands", "values"):
            (self.work / f"{name}.bin").unlink(missing_ok=True)
        return _Decision(kept, hashes, split, tally), found, sizes[kept]

    def _sketches(self, batches: Sequence[Path], size: int) -> Sketches:
        """All sketches, mapped into memory: a band is read when it is compared."""
        if not size:
            return Sketches(
                np.zeros((0, 2), np.uint64), np.zeros((0, BANDS), np.uint64), np.zeros((0, BANDS * ROWS), np.uint8)
            )
        kinds = {"digests": (np.uint64, 2), "bands": (np.uint64, BANDS), "values": (np.uint8, BANDS * ROWS)}
        maps: dict[str, Any] = {
            name: np.memmap(
                self.work / f"{name}.bin", dtype, "w+", shape=(size, width), order="F" if name == "bands" else "C"
            )
            for name, (dtype, width) in kinds.items()
        }
        row = 0
        for path in batches:
            arrays = read_arrays(path, *kinds)
            end = row + len(arrays["digests"])
            for name, array in arrays.items():
                maps[name][row:end] = array
            row = end
        return Sketches(**maps)

    def _examples(
        self, batches: Sequence[Path], rows: NDArray[np.int64], first: NDArray[np.int64]
    ) -> list[dict[str, Any]]:
        wanted = {int(row) for row in rows} | {int(first[row]) for row in rows}
        found: dict[int, dict[str, Any]] = {}
        start = 0
        for path in batches:
            arrays = read_arrays(path, "rows", "offsets")
            raw, offsets = arrays["rows"], arrays["offsets"]
            for row in sorted(wanted):
                if start <= row < start + len(offsets) - 1:
                    found[row] = json.loads(raw[offsets[row - start] : offsets[row - start + 1]].tobytes())
            start += len(offsets) - 1
            if len(found) == len(wanted):
                break
        return [
            {
                "source": found[int(row)]["source"],
                "number": found[int(row)]["number"],
                "text": found[int(row)]["text"][:SHOWN],
                "of": f"{found[int(first[row])]['source']} {found[int(first[row])]['number']}",
            }
            for row in rows
        ]

    # 3. write

    def _write(self, batches: Sequence[Path], decision: _Decision) -> dict[str, dict[str, int]]:
        """Write the documents that stay; documents and bytes of each part."""
        self.observe("write", {})
        counts = {split: {"documents": 0, "bytes": 0} for split in SPLITS}
        paths = {split: self.work / f"{split}.jsonl" for split in SPLITS}
        files = {split: path.open("wb") for split, path in paths.items()}
        try:
            if decision.split.first_byte is not None:
                self._write_by_position(batches, decision, files, counts)
            else:
                start = 0
                for path in batches:
                    arrays = read_arrays(path, "rows", "offsets", "sizes")
                    size = len(arrays["sizes"])
                    kept = decision.kept[start : start + size]
                    held = np.zeros(size, bool)
                    if decision.split.last_hash is not None:
                        held = decision.hashes[start : start + size] <= np.uint64(decision.split.last_hash)
                    for split, rows in (("train", kept & ~held), ("valid", kept & held)):
                        for line in np.flatnonzero(rows):
                            files[split].write(
                                arrays["rows"][arrays["offsets"][line] : arrays["offsets"][line + 1]].data
                            )
                        counts[split]["documents"] += int(rows.sum())
                        counts[split]["bytes"] += int(arrays["sizes"][rows].sum())
                    start += size
        finally:
            for file in files.values():
                file.close()
        for split in SPLITS:
            if counts[split]["documents"]:
                os.replace(paths[split], self.folder / f"{split}.jsonl")
            else:
                paths[split].unlink()
                (self.folder / f"{split}.jsonl").unlink(missing_ok=True)
        return counts

    def _write_by_position(
        self, batches: Sequence[Path], decision: _Decision, files: dict[str, Any], counts: dict[str, dict[str, int]]
    ) -> None:
        """Few documents, or very uneven ones: the end is held out, and a document may be cut in two."""
        row: dict[str, Any] = {}
        annotation = steps_of(self.options).annotation

        def pieces() -> Iterator[Piece]:
            nonlocal row
            start = 0
            for path in batches:
                arrays = read_arrays(path, "rows", "offsets")
                for line in range(len(arrays["offsets"]) - 1):
                    if decision.kept[start + line]:
                        row = json.loads(
                            arrays["rows"][arrays["offsets"][line] : arrays["offsets"][line + 1]].tobytes()
                        )
                        yield Piece(row["text"], True)
                start += len(arrays["offsets"]) - 1

        for piece, is_held in decision.split.assign(pieces()):
            split = "valid" if is_held else "train"
            new = {**row, "text": piece.text}
            if annotation is not None and piece.text != row["text"]:
                new.update(annotation.columns(piece.text, row.get("language", ""), Counter()))
            files[split].write((json.dumps(new, ensure_ascii=False) + "\n").encode("utf-8"))
            counts[split]["documents"] += 1
            counts[split]["bytes"] += len(piece.text.encode("utf-8"))

    # 4. tokens

    def _tokenizer(self) -> Tokenizer:
        path = self.folder / "tokenizer.json"
        if path.exists():
            return Tokenizer.load(path)
        self.observe("tokenizer", {})
        tokenizer = train_on(self.folder / "train.jsonl", self.options.tokenizer, self.options.vocab_size)
        tokenizer.save(path)
        return tokenizer

    def _store(self, split: str, tokenizer: Tokenizer) -> None:
        """Tokenize a part in ranges of its file, each kept in a file, and join them to a store."""
        target = self.folder / "tokens" / split
        if target.exists():
            return
        text = self.folder / f"{split}.jsonl"
        paths: list[Path] = []

        def wanted() -> Iterator[tuple[int, bytes]]:
            for number, rows in enumerate(read_ranges(text)):
                paths.append(self.work / f"{split}-{number:06}.npz")
                if not paths[-1].exists():
                    yield number, rows

        for encoded in self._map(Encode(tokenizer.to_json(), alone=self.workers == 1), wanted()):
            write_arrays(
                self.work / f"{split}-{encoded.number:06}.npz",
                ids=encoded.ids,
                lengths=encoded.lengths,
                counts=np.array([encoded.num_bytes, encoded.num_words]),
            )
            self.observe("tokens", {"split": split, "bytes": encoded.num_bytes})
        with atomic_folder(target) as temporary, StoreWriter(temporary, tokenizer) as writer:
            for path in paths:
                arrays = read_arrays(path, "ids", "lengths", "counts")
                num_bytes, num_words = map(int, arrays["counts"])
                writer.append(arrays["ids"], arrays["lengths"], num_bytes=num_bytes, num_words=num_words)
            writer.finish()
        for path in paths:
            path.unlink(missing_ok=True)

    # 5. report

    def _content(self, read: Tally, splits: dict[str, dict[str, int]]) -> dict[str, Any]:
        return {
            "format": PREPARED_FORMAT,
            "key": self.key,
            "sources": [source.description for source in self.sources],
            "options": self.options.what_matters(),
            "documents": {"in": read.documents_in, "out": sum(part["documents"] for part in splits.values())},
            "bytes": {"in": read.bytes_in, "out": sum(part["bytes"] for part in splits.values())},
            "splits": splits,
        }
