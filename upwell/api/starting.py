"""A run that another training begins with: what it has learned goes on in a network with a head of its own."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import torch

from upwell.api.members import load_members
from upwell.errors import UserError
from upwell.model.config import NetworkConfig
from upwell.model.network import Network
from upwell.text.tokenizers import Tokenizer
from upwell.training.options import TrainOptions, option_name
from upwell.training.runs import Run

SHAPES = ("model", "size", "depth", "context", "tokenizer", "vocab_size")
"""Options that the run has decided."""


@dataclass(frozen=True)
class Start:
    """A finished run of this project, to begin with."""

    run: Run
    kind: str
    config: NetworkConfig
    networks: tuple[Network, ...]
    """One, or the members of a tagger."""

    @classmethod
    def open(cls, path: str | os.PathLike[str], kinds: Sequence[str], *, task: str) -> Self:
        """The run at `path`; a UserError where it is not finished, or of none of the `kinds` that `task` can begin with."""
        run = Run(Path(path))
        kind = run.kind()
        if kind not in kinds:
            raise UserError(
                f"{run.folder}: is a {kind}; --task {task} can begin with a run that is a {' or a '.join(kinds)}"
                if kinds
                else f"--task {task}: begins with no run; upwell train makes one from its beginning"
            )
        config = run.network_config(kind)
        return cls(run, kind, config, load_members(run, kind))

    @property
    def tokenizer(self) -> Tokenizer:
        """The run's."""
        return Tokenizer.load(self.run.tokenizer_path)

    @property
    def fingerprint(self) -> str:
        """A hash of its weights."""
        with self.run.weights_path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()

    @torch.no_grad()
    def begin(self, network: Network, member: int) -> None:
        """Give `network` the weights of all that the run's has too, by name and shape; the others stay as they were drawn."""
        found = dict(self.networks[member % len(self.networks)].named_parameters())
        for name, parameter in network.named_parameters():
            if name in found and found[name].shape == parameter.shape:
                parameter.copy_(found[name])


def open_start(begin_with: str | os.PathLike[str] | None, options: TrainOptions, kinds: Sequence[str]) -> Start | None:
    """The run that a training begins with, None for none; a UserError for one of none of the `kinds`, and for options that it
    has decided.
    """
    if begin_with is None:
        return None
    start = Start.open(begin_with, kinds, task=str(options.task))
    for name in SHAPES:
        if getattr(options, name) is not None:
            raise UserError(f"{option_name(name)}: is decided by {start.run.folder}, which this training begins with")
    return start
