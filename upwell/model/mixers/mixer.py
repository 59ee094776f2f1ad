"""The one protocol of everything that moves information along time."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from upwell.model.noise import keep_mask
from upwell.model.state import State


class Mixer(nn.Module):
    """Maps (B, T, D) and a state to (B, T, D) and the state after the last of the T steps.

    Any split of a sequence into calls gives the same outputs, down to rounding; so one long call is the parallel form
    and T = 1 the step form.
    """

    causal: ClassVar[bool] = True
    """Whether output t depends on inputs up to t alone; otherwise the mixer must be told where texts end."""

    @property
    def carries(self) -> bool:
        """Whether the state has a fixed size, so that training may carry it from window to window."""
        return True

    looks_back: ClassVar[bool] = False
    """Whether it looks at tokens one by one, so that it must be told where documents begin."""

    def forward(self, x: Tensor, state: State = None) -> tuple[Tensor, State]:
        """Outputs (B, T, D) and the next state for inputs `x` (B, T, D); state None is the initial state.

        A mixer that looks back takes a third argument, `starts` (B, T), which tokens begin a document; one that is not
        causal takes `lengths` (B,), tokens of each text before its padding, None: all.
        """
        raise NotImplementedError

    def initial_state(self, batch_size: int) -> State:
        """The state before the first token, for `batch_size` sequences."""
        raise NotImplementedError

    def flops_per_token(self, context: int) -> int:
        """Forward FLOPs for one token at a context of that many tokens, multiply-adds counted as 2."""
        raise NotImplementedError

    def state_bytes(self, context: int) -> int:
        """Bytes of state per sequence after `context` tokens."""
        raise NotImplementedError

    def reset_parameters(self) -> None:
        """Draw the initial weights from torch's global generator."""
        raise NotImplementedError


def drop_connections(weight: Tensor, probability: float, *, training: bool) -> Tensor:
    """DropConnect (Wan et al. 2013; on recurrent matrices Merity et al. 2018): single weights dropped, once a batch."""
    if not training or probability == 0:
        return weight
    return weight * keep_mask(weight, tuple(weight.shape), probability)
