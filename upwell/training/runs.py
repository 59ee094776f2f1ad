"""A run on disk: the folder that holds a model, what made it, and what is needed to go on."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from upwell.errors import UserError
from upwell.model.config import NetworkConfig, check_keys
from upwell.model.files import read_json
from upwell.text.files import atomic_write_bytes, atomic_write_json, lock_file, remove_folder
from upwell.training.options import TrainOptions
from upwell.training.recipe import Recipe

KEYS = ["format", "kind", "sources", "options", "network", "recipe", "compute", "corpus", "machine"]


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

    def config(self) -> dict[str, Any]:
        """config.json, its keys checked."""
        if not self.folder.is_dir():
            raise UserError(f"{self.folder}: no such run; upwell train makes one")
        values = read_json(self.config_path)
        check_keys(values, known=KEYS, where=str(self.config_path))
        if values.get("format") != 1 or values.get("kind") != "language model":
            raise UserError(f"{self.config_path}: not a language model of format 1")
        return dict(values)

    def write_config(self, values: dict[str, Any]) -> None:
        """Replace config.json."""
        atomic_write_json(self.config_path, {"format": 1, "kind": "language model", **values})

    def network_config(self) -> NetworkConfig:
        """The network's config; a UserError where the run has not come so far."""
        values = self.config()
        if "network" not in values:
            raise UserError(f"{self.folder}: not trained yet; go on with: upwell train --resume {self.folder}")
        try:
            return NetworkConfig.from_dict(values["network"])
        except UserError as error:
            raise UserError(f"{self.config_path}: {error}") from None

    def options(self) -> tuple[tuple[str, ...], TrainOptions]:
        """Sources and options the run was begun with."""
        values = self.config()
        sources = values.get("sources")
        if not isinstance(sources, list) or not sources or not all(isinstance(source, str) for source in sources):
            raise UserError(
                f"{self.config_path}: sources must be a list of names; only runs made by training can go on"
            )
        return tuple(sources), TrainOptions.from_dict(values.get("options"))

    def recipe(self) -> Recipe:
        """The recipe chosen at the start."""
        return Recipe.from_dict(self.config().get("recipe"))

    def result(self) -> dict[str, Any] | None:
        """The figures of a finished run, None before."""
        if not self.result_path.exists():
            return None
        values = read_json(self.result_path)
        if not isinstance(values, dict) or values.pop("format", None) != 1:
            raise UserError(f"{self.result_path}: not a result of format 1")
        return values


def create_run(sources: Sequence[str], options: TrainOptions) -> Run:
    """Make the folder of a new run and write what was asked for; never into an existing run unless told so."""
    if options.out is not None:
        folder = Path(options.out)
        if folder.exists() and not folder.is_dir():
            raise UserError(f"--out {folder}: is a file")
        if folder.is_dir() and any(folder.iterdir()) and not (folder / "config.json").exists():
            raise UserError(f"--out {folder}: is not empty and not a run; name another folder")
    else:
        folder = Path("runs") / _name(sources[0])
    if (folder / "config.json").exists() and options.overwrite:
        refuse_if_locked(Run(folder))
        remove_folder(folder)
    free, number = folder, 2
    while True:
        try:
            free.mkdir(parents=True)
            break
        except FileExistsError:
            if free.is_dir() and not any(free.iterdir()):
                break
            free, number = folder.with_name(f"{folder.name}-{number}"), number + 1
        except NotADirectoryError:
            raise UserError(f"{free}: a file stands where a folder is needed") from None
    run = Run(free)
    atomic_write_bytes(run.lock_path, b"")
    run.write_config({"sources": list(sources), "options": options.to_dict()})
    return run


def keep_standard_input(run: Run) -> None:
    """Copy standard input into the run and name the copy as its source, so that the run can be resumed."""
    path = run.folder / "stdin.txt"
    with path.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    values = run.config()
    sources = [str(path) if source == "-" else source for source in values["sources"]]
    run.write_config({"sources": sources, "options": values["options"]})


def refuse_if_locked(run: Run) -> None:
    """Raise a UserError naming the process if another one trains this run now."""
    if run.lock_path.exists():
        with lock_file(run.lock_path):
            pass


def _name(source: str) -> str:
    """A folder name from a source: novel for texts/novel.txt.gz, texts for texts/*.txt, stdin for `-`."""
    if source == "-":
        return "stdin"
    parts = [part for part in re.split(r"[/\\]", source) if part and not re.search(r"[*?\[]", part)]
    stem = parts[-1] if parts else "text"
    while (shorter := os.path.splitext(stem)[0]) != stem and shorter:
        stem = shorter
    name = re.sub(r"[^\w.-]+", "-", stem, flags=re.UNICODE).strip("-.")
    return name or "text"
