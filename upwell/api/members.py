"""Networks whose probabilities are averaged: where they are in a run, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from upwell.errors import UserError
from upwell.model.files import load_network, save_weights
from upwell.model.network import Network
from upwell.training.runs import Run

MEMBERS, FEW_TOKENS = 3, 100_000
"""Networks that are averaged where there are no more tokens to learn from: docs/experiments.md, "Taggers"."""
MOST_MEMBERS = 99


def usual_members(tokens: int) -> int:
    """How many networks learn from so many tokens."""
    return MEMBERS if tokens <= FEW_TOKENS else 1


def member_folder(folder: Path, member: int) -> Path:
    """Where a network of several is, in the folder of a run: the first in the folder itself."""
    return folder if member == 0 else folder / f"member-{member + 1}"


def save_members(run: Run, networks: Sequence[Network]) -> dict[str, Any]:
    """Write the weights of the networks into a run; what its config says of them."""
    for member, network in enumerate(networks):
        folder = member_folder(run.folder, member)
        folder.mkdir(exist_ok=True)
        weights = {name: p.detach().float() for name, p in network.named_parameters()}
        save_weights(folder / run.weights_path.name, weights)
    return {"network": networks[0].config.to_dict(), "members": len(networks)}


def load_members(
    run: Run, kind: str, *, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32
) -> tuple[Any, ...]:
    """The networks of a run of this kind; a UserError where a file is missing, damaged or of something else."""
    config, members = run.network_config(kind), run.config(kind).get("members", 1)
    if type(members) is not int or not 1 <= members <= MOST_MEMBERS:
        raise UserError(f"{run.config_path}: members must be a whole number from 1 to {MOST_MEMBERS}")
    paths = [member_folder(run.folder, member) / run.weights_path.name for member in range(members)]
    return tuple(load_network(path, config).to(device, dtype).eval() for path in paths)
