"""The loops over time behind rnn and gru on a CPU, forward and backward, in as few operations a step as can be.

torch runs a cell's whole chain of operations in every step, and the whole chain of its derivatives backward. Here the
input products are made for all steps at once; a step forward is one matrix product and one operation a nonlinearity.
For the way back all that does not depend on the gradient of h_t is prepared for all steps at once, so that a step is one
product of numbers and one of matrices, and the weights' gradients are one matrix product each after the loop.
docs/experiments.md, "loops", has the times beside torch's.

The loops run as TorchScript where torch has it, which needs no compiler: between two small operations of one worker thread
the other would otherwise wait for Python's lock.

Shapes: B batch, T time, D width.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

P = ParamSpec("P")
R = TypeVar("R")


def scripted(function: Callable[P, R]) -> Callable[P, R]:
    """`function` as TorchScript, made at its first call; as it is where torch has given TorchScript up."""

    @functools.cache
    def compiled() -> Callable[P, R]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that TorchScript will go one day: then `function` itself runs
            try:
                return torch.jit.script(function)
            except (AttributeError, RuntimeError, OSError):
                return function

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        return compiled()(*args, **kwargs)

    return run


def gru_loop(
    x: Tensor, start: Tensor, input_weight: Tensor, recurrent_weight: Tensor, bias: Tensor, recurrent_bias: Tensor
) -> Tensor:
    """Hidden vectors (B, T, D) of torch.gru for x (B, T, D) from `start` (B, D), with torch's stacked weights."""
    return _GRULoop.apply(x, start, input_weight, recurrent_weight, bias, recurrent_bias)  # type: ignore[no-untyped-call, no-any-return]


def rnn_loop(
    x: Tensor, start: Tensor, input_weight: Tensor, recurrent_weight: Tensor, bias: Tensor, *, relu: bool
) -> Tensor:
    """Hidden vectors (B, T, D) of h_t = f(W x_t + U h_{t-1} + b), f = relu or tanh, from `start` (B, D)."""
    return _RNNLoop.apply(x, start, input_weight, recurrent_weight, bias, relu)  # type: ignore[no-untyped-call, no-any-return]


@scripted
def _gru_forward(gates: Tensor, hidden: Tensor, weight: Tensor) -> None:
    """Fill hidden[1:] (T, B, D) and turn `gates` (T, B, 4D), from the inputs' share of n, r, z, m, into their values.

    r and z are sigmoids, m = U_n h + c_n, n = tanh(its input share + r m), h' = n + z (h - n). `weight` (D, 3D).
    """
    width = hidden.shape[2]
    for t in range(gates.shape[0]):
        step = gates[t]
        step[:, width:].addmm_(hidden[t], weight)
        step[:, width : 3 * width].sigmoid_()
        candidate = step[:, :width]
        candidate.addcmul_(step[:, width : 2 * width], step[:, 3 * width :]).tanh_()
        torch.lerp(candidate, hidden[t], step[:, 2 * width : 3 * width], out=hidden[t + 1])


@scripted
def _gru_backward(factors: Tensor, update: Tensor, gradient: Tensor, weight: Tensor) -> None:
    """Add to `gradient` (T + 1, B, D), of h_0..h_T, what later steps hand back; `factors` become the gates' gradients.

    `factors` (T, B, 3, D) are the derivatives of h_t by the recurrent shares of r, z and m; `update` (T, B, D) is z.
    """
    steps, batch = factors.shape[0], factors.shape[1]
    for i in range(steps):
        t = steps - 1 - i
        step, late = factors[t], gradient[t + 1]
        step.mul_(late.unsqueeze(1))
        gradient[t].addcmul_(late, update[t]).addmm_(step.view(batch, -1), weight)


@scripted
def _rnn_forward(hidden: Tensor, weight: Tensor, relu: bool) -> None:
    """Turn hidden[1:] (T, B, D), the inputs' shares, into the hidden vectors after hidden[0]. `weight` (D, D)."""
    for t in range(hidden.shape[0] - 1):
        late = hidden[t + 1].addmm_(hidden[t], weight)
        if relu:
            late.relu_()
        else:
            late.tanh_()


@scripted
def _rnn_backward(slopes: Tensor, gradient: Tensor, weight: Tensor) -> None:
    """As for the GRU: `slopes` (T, B, D), f' at each step, become the gradients of what f was given."""
    steps = slopes.shape[0]
    for i in range(steps):
        t = steps - 1 - i
        gradient[t].addmm_(slopes[t].mul_(gradient[t + 1]), weight)


def _time_first(x: Tensor) -> Tensor:
    """(B, T, D) as rows (T * B, D), ordered by time."""
    return x.transpose(0, 1).reshape(-1, x.shape[2])


def _from_later(gradient: Tensor) -> Tensor:
    """The gradient of the outputs (B, T, D) as one of h_0..h_T (T + 1, B, D), ready to be added to."""
    batch, time, width = gradient.shape
    whole = gradient.new_empty(time + 1, batch, width)
    whole[0].zero_()
    whole[1:].copy_(gradient.transpose(0, 1))
    return whole


class _GRULoop(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, start: Tensor, *weights: Tensor) -> Tensor:
        input_weight, recurrent_weight, bias, recurrent_bias = weights
        batch, time, width = x.shape
        rows = _time_first(x)
        # torch's order is r, z, n; the loop wants n first, then the three that the recurrent product reaches.
        added = bias + torch.cat([recurrent_bias[: 2 * width], torch.zeros_like(bias[:width])])
        gates = x.new_empty(time, batch, 4 * width)
        flat = gates.view(-1, 4 * width)
        flat[:, :width].copy_(torch.addmm(added[2 * width :], rows, input_weight[2 * width :].T))
        flat[:, width : 3 * width].copy_(torch.addmm(added[: 2 * width], rows, input_weight[: 2 * width].T))
        flat[:, 3 * width :] = recurrent_bias[2 * width :]
        hidden = x.new_empty(time + 1, batch, width)
        hidden[0] = start
        _gru_forward(gates, hidden, recurrent_weight.T.contiguous())
        ctx.save_for_backward(rows, hidden, gates, input_weight, recurrent_weight)
        return hidden[1:].transpose(0, 1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, ...]:
        rows, hidden, gates, input_weight, recurrent_weight = ctx.saved_tensors
        time, batch = gates.shape[:2]
        width = hidden.shape[2]
        candidate, reset, update, memory = gates.split(width, 2)
        keep = 1 - update
        slope = torch.addcmul(keep, keep, candidate.square(), value=-1)  # dh/d(input of the tanh)
        factors = gates.new_empty(time, batch, 3, width)
        by_reset, by_update, by_memory = factors.unbind(2)
        torch.mul(slope, reset, out=by_memory)
        torch.mul((hidden[:-1] - candidate).mul_(update), keep, out=by_update)
        torch.mul(by_memory * memory, 1 - reset, out=by_reset)
        whole = _from_later(gradient)
        _gru_backward(factors, update, whole, recurrent_weight)
        recurrent = factors.view(-1, 3 * width)  # gradients of the recurrent shares
        candidate_part = slope.mul_(whole[1:]).view(-1, width)
        inputs = torch.cat([recurrent[:, : 2 * width], candidate_part], 1)
        recurrent_bias = recurrent.sum(0)
        return (
            (inputs @ input_weight).view(time, batch, width).transpose(0, 1),
            whole[0],
            inputs.T @ rows,
            recurrent.T @ hidden[:-1].reshape(-1, width),
            torch.cat([recurrent_bias[: 2 * width], candidate_part.sum(0)]),
            recurrent_bias,
        )


class _RNNLoop(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, start: Tensor, *arguments: Any) -> Tensor:
        input_weight, recurrent_weight, bias, relu = arguments
        batch, time, width = x.shape
        rows = _time_first(x)
        hidden = x.new_empty(time + 1, batch, width)
        hidden[0] = start
        hidden[1:].view(-1, width).copy_(torch.addmm(bias, rows, input_weight.T))
        _rnn_forward(hidden, recurrent_weight.T.contiguous(), relu)
        ctx.relu = relu
        ctx.save_for_backward(rows, hidden, input_weight, recurrent_weight)
        return hidden[1:].transpose(0, 1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        rows, hidden, input_weight, recurrent_weight = ctx.saved_tensors
        time, batch, width = hidden[1:].shape
        after = hidden[1:]
        slopes = (after > 0).to(after.dtype) if ctx.relu else 1 - after.square()
        whole = _from_later(gradient)
        _rnn_backward(slopes, whole, recurrent_weight)
        flat = slopes.view(-1, width)
        return (
            (flat @ input_weight).view(time, batch, width).transpose(0, 1),
            whole[0],
            flat.T @ rows,
            flat.T @ hidden[:-1].reshape(-1, width),
            flat.sum(0),
            None,
        )
