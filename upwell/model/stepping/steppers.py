"""The fastest way that this machine has to read and write by a network."""

from __future__ import annotations

import copy
from typing import Protocol

import torch
from torch import Tensor

from upwell.errors import UserError
from upwell.model.config import NetworkConfig
from upwell.model.network import Network
from upwell.model.state import State
from upwell.model.stepping.packing import PRECISIONS, rounded, stored_precision


class Stepper(Protocol):
    """What generation sees of a model; a Network is one."""

    @property
    def config(self) -> NetworkConfig:
        """Of the network."""

    @property
    def device(self) -> torch.device:
        """Where tokens must be."""

    @property
    def carries_all(self) -> bool:
        """Whether a text may be read in windows as if at once, however long it is."""

    def __call__(self, tokens: Tensor, state: State = None) -> tuple[Tensor, State]:
        """Logits (B, T, V) for `tokens` (B, T) int64, and the state after them; state None is the initial one."""

    def hidden(self, tokens: Tensor, state: State = None) -> tuple[Tensor, State]:
        """What the head reads, a vector for each token, and the state after them."""

    def logits(self, hidden: Tensor) -> Tensor:
        """Logits (..., V) of what `hidden` gives."""

    def initial_state(self, batch_size: int) -> State:
        """The state before the first token."""


def stepper(network: Network, precision: str) -> Stepper:
    """The fastest step of `network` with weights in `precision`: fp32, bf16, int8 or int4.

    With numba, on the CPU, it is a CompiledStepper. Without, and on a GPU, it is a network whose weights were rounded in
    the same way: what is written is as good, but no faster than in fp32 or, on a GPU, bf16. A UserError for another word.
    """
    if precision not in PRECISIONS:
        raise UserError(f"--precision {precision}: choose among {', '.join(PRECISIONS)}")
    if has_compiler():
        from upwell.model.stepping.compiled import CompiledStepper, fits

        if fits(network):
            return CompiledStepper(network, precision)
    return _rounded_network(network, precision)


def has_compiler() -> bool:
    """Whether numba is installed: `pip install "upwell[fast]"`."""
    from importlib.util import find_spec

    return find_spec("numba") is not None


def _rounded_network(network: Network, precision: str) -> Network:
    if precision == "fp32":
        return network
    changed = copy.deepcopy(network)
    with torch.no_grad():
        for name, parameter in changed.named_parameters():
            if parameter.ndim == 2:
                parameter.copy_(rounded(parameter, stored_precision(name, precision)))
    gpu = network.embedding_weight.device.type == "cuda"
    return changed.to(torch.bfloat16) if gpu or precision == "bf16" else changed
