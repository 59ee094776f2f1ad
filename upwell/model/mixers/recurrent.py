"""Recurrent mixers with nonlinear recurrence: rnn, lstm, gru.

Each owns plain matrices and hands them to sequence kernels by function call, which leaves the weights open to weight-drop,
low-rank adapters, Muon and quantisation. The kernels are torch's fused ones where it has them (LSTM; all on a GPU) and
our own loops where it has not (rnn and gru on a CPU). Gate order and equations are torch's, so the weights move to and
from torch.nn.RNN, LSTM and GRU unchanged.

Shapes: B batch, T time, D width.
"""

from __future__ import annotations

import math
import warnings

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from upwell.model.mixers.loops import gru_loop, rnn_loop
from upwell.model.mixers.mixer import Mixer, drop_connections
from upwell.model.state import State

# On a GPU the kernels want a layer's matrices in one piece, and copy them there in each call; here each is a parameter of
# its own, which is what weight-drop, Muon and adapters need.
warnings.filterwarnings("ignore", message="RNN module weights are not part of single contiguous chunk")


class Recurrent(Mixer):
    """What the three share: matrices (gates x D, D), their initialisation, and how the kernels are called."""

    gates = 1

    def __init__(self, width: int, *, weight_drop: float = 0.0) -> None:
        super().__init__()
        self.width = width
        self.weight_drop = weight_drop
        self.stacked = {"input_weight": self.gates, "recurrent_weight": self.gates}
        self.input_weight = nn.Parameter(torch.empty(self.gates * width, width))
        self.recurrent_weight = nn.Parameter(torch.empty(self.gates * width, width))
        self.bias = nn.Parameter(torch.empty(self.gates * width))

    def reset_parameters(self) -> None:
        """Input matrices of variance 1/D, orthogonal recurrent matrices (Saxe et al. 2014), zero biases."""
        for gate in self.input_weight.data.chunk(self.gates):
            nn.init.normal_(gate, std=1 / math.sqrt(self.width))
        for gate in self.recurrent_weight.data.chunk(self.gates):
            nn.init.orthogonal_(gate)
        nn.init.zeros_(self.bias)

    def _weights(self, recurrent_bias: Tensor | None = None) -> list[Tensor]:
        recurrent = drop_connections(self.recurrent_weight, self.weight_drop, training=self.training)
        if recurrent_bias is None:
            recurrent_bias = torch.zeros_like(self.bias)
        return [self.input_weight, recurrent, self.bias, recurrent_bias]

    def initial_state(self, batch_size: int) -> State:
        return {"hidden": self.input_weight.new_zeros(batch_size, self.width)}

    def flops_per_token(self, context: int) -> int:
        return 2 * 2 * self.gates * self.width * self.width

    def state_bytes(self, context: int) -> int:
        return self.width * self.input_weight.element_size()


class RNN(Recurrent):
    """Elman network: h_t = f(W x_t + U h_{t-1} + b), f = tanh or relu (Elman 1990).

    With relu the recurrent matrix starts at the identity (Le, Jaitly & Hinton 2015), with tanh at a random rotation.
    """

    def __init__(self, width: int, *, nonlinearity: str = "tanh", weight_drop: float = 0.0) -> None:
        super().__init__(width, weight_drop=weight_drop)
        self.nonlinearity = nonlinearity

    def reset_parameters(self) -> None:
        super().reset_parameters()
        if self.nonlinearity == "relu":
            nn.init.eye_(self.recurrent_weight)
            nn.init.normal_(self.input_weight, std=0.1 / math.sqrt(self.width))

    def forward(self, x: Tensor, state: State = None) -> tuple[Tensor, State]:
        hidden = (state or self.initial_state(x.shape[0]))["hidden"]  # (B, D)
        relu = self.nonlinearity == "relu"
        if x.device.type == "cpu" and x.shape[1] > 1:
            y = rnn_loop(x, hidden.to(x.dtype), *self._weights()[:3], relu=relu)
            return y, {"hidden": y[:, -1]}  # (B, T, D)
        kernel = torch.rnn_relu if relu else torch.rnn_tanh
        y, last = kernel(x, hidden[None].to(x.dtype), self._weights(), True, 1, 0.0, self.training, False, True)
        return y, {"hidden": last[0]}  # (B, T, D)


class LSTM(Recurrent):
    """Long short-term memory with forget gate (Hochreiter & Schmidhuber 1997; Gers et al. 2000), no peepholes.

    The cell is kept in fp32 between calls whatever the compute dtype: in bf16 a cell near 8 cannot grow by 0.02.
    """

    gates = 4

    def reset_parameters(self) -> None:
        super().reset_parameters()
        nn.init.ones_(self.bias.data[self.width : 2 * self.width])  # forget gate open (Jozefowicz et al. 2015)

    def initial_state(self, batch_size: int) -> State:
        hidden = self.input_weight.new_zeros(batch_size, self.width)
        return {"hidden": hidden, "cell": torch.zeros_like(hidden, dtype=torch.float32)}

    def forward(self, x: Tensor, state: State = None) -> tuple[Tensor, State]:
        state = state or self.initial_state(x.shape[0])
        if x.shape[1] == 1 and not torch.is_grad_enabled():
            return self._step(x, state)
        start = (state["hidden"][None].to(x.dtype), state["cell"][None].to(x.dtype))
        y, hidden, cell = torch.lstm(x, start, self._weights(), True, 1, 0.0, self.training, False, True)
        return y, {"hidden": hidden[0], "cell": cell[0].float()}  # (B, T, D)

    def _step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        gates = F.linear(x[:, 0], self.input_weight, self.bias)  # (B, 4D)
        gates = gates + F.linear(state["hidden"].to(x.dtype), self.recurrent_weight)
        admit, forget, candidate, show = gates.float().chunk(4, dim=1)
        cell = torch.sigmoid(forget) * state["cell"] + torch.sigmoid(admit) * torch.tanh(candidate)
        hidden = (torch.sigmoid(show) * torch.tanh(cell)).to(x.dtype)
        return hidden[:, None], {"hidden": hidden, "cell": cell}

    def state_bytes(self, context: int) -> int:
        return self.width * (self.input_weight.element_size() + 4)


class GRU(Recurrent):
    """Gated recurrent unit, reset gate after the recurrent product (Cho et al. 2014, in torch's variant).

    Its candidate has a bias inside the reset, hence the second bias vector.
    """

    gates = 3

    def __init__(self, width: int, *, weight_drop: float = 0.0) -> None:
        super().__init__(width, weight_drop=weight_drop)
        self.recurrent_bias = nn.Parameter(torch.empty(3 * width))

    def reset_parameters(self) -> None:
        """As the others; the update gate starts at sigmoid(1), so that the past is kept for a few steps."""
        super().reset_parameters()
        nn.init.zeros_(self.recurrent_bias)
        nn.init.ones_(self.bias.data[self.width : 2 * self.width])

    def forward(self, x: Tensor, state: State = None) -> tuple[Tensor, State]:
        hidden = (state or self.initial_state(x.shape[0]))["hidden"]  # (B, D)
        weights = self._weights(self.recurrent_bias)
        if x.device.type == "cpu" and x.shape[1] > 1:
            y = gru_loop(x, hidden.to(x.dtype), *weights)
            return y, {"hidden": y[:, -1]}  # (B, T, D)
        y, last = torch.gru(x, hidden[None].to(x.dtype), weights, True, 1, 0.0, self.training, False, True)
        return y, {"hidden": last[0]}  # (B, T, D)
