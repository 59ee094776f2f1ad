"""minGRU: a gated recurrence that is linear in its state, so that training needs no loop over time.

Shapes: B batch, T time, D width.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from upwell.model.mixers.mixer import Mixer
from upwell.model.mixers.scan import gated_scan
from upwell.model.state import State


class MinGRU(Mixer):
    """h_t = (1 - z_t) h_{t-1} + z_t c_t with z = sigmoid(W_z x + b_z), c = W_c x (Feng et al. 2024, section 3.1.1),

    followed by a projection back to the stream. State and scan are fp32 whatever the compute dtype.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
        self.stacked = {"input_weight": 2}
        self.input_weight = nn.Parameter(torch.empty(2 * width, width))
        self.bias = nn.Parameter(torch.empty(width))
        self.output_weight = nn.Parameter(torch.empty(width, width))

    def reset_parameters(self) -> None:
        """Gate biases spread so that channels forget over 1 to about 1,000 steps."""
        nn.init.normal_(self.input_weight, std=1 / math.sqrt(self.width))
        nn.init.normal_(self.output_weight, std=1 / math.sqrt(self.width))
        self.bias.data.copy_(-torch.linspace(0, math.log(1000), self.width))

    def forward(self, x: Tensor, state: State = None) -> tuple[Tensor, State]:
        start = (state or self.initial_state(x.shape[0]))["hidden"]  # (B, D)
        hidden = gated_scan(nn.functional.linear(x, self.input_weight), self.bias, start)  # (B, T, D)
        return nn.functional.linear(hidden.to(x.dtype), self.output_weight), {"hidden": hidden[:, -1]}

    def initial_state(self, batch_size: int) -> State:
        return {"hidden": torch.zeros(batch_size, self.width, device=self.bias.device)}

    def flops_per_token(self, context: int) -> int:
        return 2 * 3 * self.width * self.width

    def state_bytes(self, context: int) -> int:
        return 4 * self.width
