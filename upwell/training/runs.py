"""A run on disk: the folder that holds a model, what made it, and what is needed to go on."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from upwell.errors import UserError
from upwell.model.config import NetworkConfig, check_keys
from upwell.model.files import read_json
from upwell.model.stepping.packing import PRECISIONS
from upwell.text.examples import Formats, formats_from_json
from upwell.text.files import (
    argument_of_text,
    atomic_folder,
    atomic_write_json,
    lock_file,
    remove_folder,
    text_of_argument,
)
from upwell.training.compute import Compute
from upwell.training.options import SOURCES, TrainOptions
from upwell.training.recipe import Recipe

KEYS = [
    "format",
    "kind",
    "sources",
    "start",
    "options",
    "network",
    "recipe",
    "compute",
    "corpus",
    "vectors",
    "machine",
    "formats",
    "labels",
    "several",
    "shares",
    "members",
    "manner",
    "script",
    "longest",
    "extracts",
    "precision",
]


LANGUAGE_MODEL, ENCODER = "language model", "text encoder"
CLASSIFIER, TAGGER, ANSWERER = "classifier", "tagger", "question answerer"
TRANSLATOR = "translator"
SUMMARIZER = "summarizer"
USES = {
    LANGUAGE_MODEL: "generate",
    ENCODER: "finetune",
    CLASSIFIER: "classify",
    TAGGER: "tag",
    ANSWERER: "answer",
    TRANSLATOR: "translate",
    SUMMARIZER: "summarize",
}
"""Kinds of runs, and the command that uses each."""


@dataclass(frozen=True)
class Run:
    """The paths inside a run folder, and its config."""

    folder: Path

    @property
    def config_path(self) -> Path:
        """What was asked for and what was chosen."""
        return self.folder / "config.json"

    @property
    def weights_path(self) -> Path:
        """Weights of the best validation so far."""
        return self.folder / "model.safetensors"

    @property
    def tokenizer_path(self) -> Path:
        """The tokenizer, as the Hugging Face library writes it."""
        return self.folder / "tokenizer.json"

    @property
    def vectors_path(self) -> Path:
        """The word vectors that the embedding begins with, where there are some."""
        return self.folder / "vectors.safetensors"

    @property
    def forms_path(self) -> Path:
        """The forms of verse of the training texts, where they have some."""
        return self.folder / "forms.json"

    @property
    def metrics_path(self) -> Path:
        """One JSON object a line: steps, validations."""
        return self.folder / "metrics.jsonl"

    @property
    def result_path(self) -> Path:
        """The figures of a finished run."""
        return self.folder / "result.json"

    @property
    def lock_path(self) -> Path:
        """Held by the process that trains."""
        return self.folder / "lock"

    def kind(self) -> str:
        """Of the run: one of USES."""
        return str(self.config(None)["kind"])

    def config(self, kind: str | None = LANGUAGE_MODEL) -> dict[str, Any]:
        """config.json, its keys checked; a UserError where the run is of another `kind`, None: of an unknown one."""
        if not self.folder.is_dir():
            raise UserError(f"{self.folder}: no such run; upwell train makes one")
        values = read_json(self.config_path)
        check_keys(values, known=KEYS, where=str(self.config_path))
        found = values.get("kind")
        if values.get("format") != 1 or found not in USES:
            raise UserError(f"{self.config_path}: not a {kind or 'run'} of format 1")
        if kind not in (None, found):
            raise UserError(f"{self.folder}: is a {found}, not a {kind}; see upwell {USES[found]} --help")
        return dict(values)

    def write_config(self, values: dict[str, Any], kind: str = LANGUAGE_MODEL) -> None:
        """Replace config.json."""
        atomic_write_json(self.config_path, {"format": 1, "kind": kind, **values})

    def network_config(self, kind: str | None = LANGUAGE_MODEL) -> NetworkConfig:
        """The network's config; a UserError where the run has not come so far."""
        values = self.config(kind)
        if "network" not in values:
            raise UserError(f"{self.config_path}: holds no network; is this a run made by Upwell?")
        try:
            return NetworkConfig.from_dict(values["network"])
        except UserError as error:
            raise UserError(f"{self.config_path}: {error}") from None

    def options(self) -> tuple[tuple[str, ...], TrainOptions]:
        """Sources and options the run was begun with."""
        values = self.config(None)
        sources = values.get("sources")
        if not isinstance(sources, list) or not sources or not all(isinstance(source, str) for source in sources):
            raise UserError(
                f"{self.config_path}: sources must be a list of names; only runs made by training can go on"
            )
        options = TrainOptions.from_dict(values.get("options"))
        try:
            named: dict[str, Any] = {name: tuple(map(argument_of_text, getattr(options, name))) for name in SOURCES}
            return tuple(map(argument_of_text, sources)), replace(options, **named)
        except UnicodeError:
            raise UserError(f"{self.config_path}: names a source by half of a surrogate pair") from None

    def precision(self) -> str | None:
        """Of the weights, where they were quantised; a UserError for a word that is none."""
        found = self.config(None).get("precision")
        if found is not None and found not in PRECISIONS:
            raise UserError(f"{self.config_path}: precision must be one of {', '.join(PRECISIONS)}")
        return found

    def formats(self) -> Formats:
        """How the tasks in the training text were written; empty for plain texts."""
        return formats_from_json(self.config().get("formats", {}), where=str(self.config_path))

    def recipe(self) -> Recipe:
        """The recipe chosen at the start."""
        return Recipe.from_dict(self.config(None).get("recipe"))

    def compute(self) -> tuple[Compute, float]:
        """How the run computes, and the matmul peak (FLOP/s) that was measured for that."""
        values = self.config(None)
        compute = Compute.from_dict(values.get("compute"))
        machine = values.get("machine")
        peaks = machine.get("matmul_peaks") if isinstance(machine, dict) else None
        peak = peaks.get(compute.dtype) if isinstance(peaks, dict) else None
        if not isinstance(peak, float) or not peak > 0:
            raise UserError(f"{self.config_path}: machine: holds no matmul peak of {compute.dtype}")
        return compute, peak

    def result(self) -> dict[str, Any] | None:
        """The figures of a finished run, None before."""
        if not self.result_path.exists():
            return None
        values = read_json(self.result_path)
        if not isinstance(values, dict) or values.pop("format", None) != 1:
            raise UserError(f"{self.result_path}: not a result of format 1")
        return values


def create_run(source: str, *, out: str | None, overwrite: bool, fill: Callable[[Run, Path], None]) -> Run:
    """Make the folder of a new run, complete from the moment it is there; never over an existing run unless told so.

    `source` gives the name where `out` is None. `fill` is called with the run under a temporary name and the folder
    that it will be, and writes its files.
    """
    folder = Path("runs") / _name(source) if out is None else Path(out)
    check_out(out)
    if (folder / "config.json").exists() and overwrite:
        refuse_if_locked(Run(folder))
        remove_folder(folder)
    free, number = folder, 2
    while True:
        if free.is_dir() and not any(free.iterdir()):
            free.rmdir()
        try:
            with atomic_folder(free) as temporary:
                fill(Run(temporary), free)
            return Run(free)
        except FileExistsError:
            free, number = folder.with_name(f"{folder.name}-{number}"), number + 1


def check_out(out: str | None) -> None:
    """Raise a UserError where `--out` names what is neither a run, nor free, nor an empty folder."""
    if out is None:
        return
    folder = Path(out)
    if folder.exists() and not folder.is_dir():
        raise UserError(f"--out {folder}: is a file")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "config.json").exists():
        raise UserError(f"--out {folder}: is not empty and not a run; name another folder")
    parents = [parent for parent in folder.absolute().parents if parent.exists()]
    if not parents[0].is_dir():
        raise UserError(f"{parents[0]}: a file stands where a folder is needed")


def refuse_if_locked(run: Run) -> None:
    """Raise a UserError naming the process if another one trains this run now."""
    if run.lock_path.exists():
        with lock_file(run.lock_path):
            pass


def _name(source: str) -> str:
    """A folder name from a source: novel for texts/novel.txt.gz, texts for texts/*.txt, stdin for `-`."""
    if source == "-":
        return "stdin"
    parts = [part for part in re.split(r"[/\\]", text_of_argument(source)) if part and not re.search(r"[*?\[]", part)]
    stem = parts[-1] if parts else "text"
    while (shorter := os.path.splitext(stem)[0]) != stem and shorter:
        stem = shorter
    name = re.sub(r"[^\w.-]+", "-", stem, flags=re.UNICODE).strip("-.")
    return argument_of_text(name) or "text"
