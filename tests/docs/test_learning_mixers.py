"""docs/learning.md, section 4: the forward passes, beside torch.nn and the mixers of upwell.model."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.testing import assert_close

from upwell.model.mixers import GRU, LSTM, RNN, Attention, MinGRU
from upwell.model.network import Block, GatedMLP

D, T = 4, 7
sigmoid, tanh = torch.sigmoid, torch.tanh


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_learning_rnn_forward(nonlinearity: str) -> None:
    x, theirs, ours = torch.randn(T, D), nn.RNN(D, D, nonlinearity=nonlinearity), RNN(D, nonlinearity=nonlinearity)
    W, U, b_x, b_h = theirs.parameters()
    b = b_x + b_h
    f = getattr(torch, nonlinearity)
    h, states = torch.zeros(D), []
    for x_t in x:
        h = f(W @ x_t + U @ h + b)
        states.append(h)
    assert_close(torch.stack(states), theirs(x)[0])
    fill(ours, input_weight=W, recurrent_weight=U, bias=b)
    assert_close(torch.stack(states), ours(x[None])[0][0])


def test_learning_lstm_forward() -> None:
    x, theirs, ours = torch.randn(T, D), nn.LSTM(D, D), LSTM(D)
    W, U, b_x, b_h = theirs.parameters()
    (W_i, W_f, W_g, W_o), (U_i, U_f, U_g, U_o) = W.chunk(4), U.chunk(4)
    b_i, b_f, b_g, b_o = (b_x + b_h).chunk(4)
    h, c, states = torch.zeros(D), torch.zeros(D), []
    for x_t in x:
        i = sigmoid(W_i @ x_t + U_i @ h + b_i)
        f = sigmoid(W_f @ x_t + U_f @ h + b_f)
        g = tanh(W_g @ x_t + U_g @ h + b_g)
        o = sigmoid(W_o @ x_t + U_o @ h + b_o)
        c = f * c + i * g
        h = o * tanh(c)
        states.append(h)
    assert_close(torch.stack(states), theirs(x)[0])
    fill(ours, input_weight=W, recurrent_weight=U, bias=b_x + b_h)
    assert_close(torch.stack(states), ours(x[None])[0][0])


def test_learning_gru_forward() -> None:
    x, theirs, ours = torch.randn(T, D), nn.GRU(D, D), GRU(D)
    W, U, b_x, b_h = theirs.parameters()
    (W_r, W_u, W_n), (U_r, U_u, U_n) = W.chunk(3), U.chunk(3)
    b_r, b_u, _ = (b_x + b_h).chunk(3)
    b_n, d_n = b_x[2 * D :], b_h[2 * D :]
    h, states = torch.zeros(D), []
    for x_t in x:
        r = sigmoid(W_r @ x_t + U_r @ h + b_r)
        u = sigmoid(W_u @ x_t + U_u @ h + b_u)
        n = tanh(W_n @ x_t + b_n + r * (U_n @ h + d_n))
        h = (1 - u) * n + u * h
        states.append(h)
    assert_close(torch.stack(states), theirs(x)[0])
    fill(ours, input_weight=W, recurrent_weight=U, bias=b_x, recurrent_bias=b_h)
    assert_close(torch.stack(states), ours(x[None])[0][0])


def test_learning_mingru_forward() -> None:
    x, W_u, W_n, b_u = torch.randn(T, D), torch.randn(D, D), torch.randn(D, D), torch.randn(D)
    h, states = torch.zeros(D), []
    for x_t in x:
        u, n = sigmoid(W_u @ x_t + b_u), W_n @ x_t
        h = (1 - u) * h + u * n
        states.append(h)
    ours = MinGRU(D)
    fill(ours, input_weight=torch.cat([W_u, W_n]), bias=b_u, output_weight=torch.eye(D))
    assert_close(torch.stack(states), ours(x[None])[0][0], rtol=1e-5, atol=1e-5)  # scanned in float32


def test_learning_linear_recurrence() -> None:
    a, b = torch.rand(T, D), torch.randn(T, D)
    h = torch.zeros(D)
    for a_t, b_t in zip(a, b, strict=True):
        h = a_t * h + b_t
    assert_close(sum(a[k + 1 :].prod(0) * b[k] for k in range(T)), h)


Affine = tuple[Tensor, Tensor]


def compose(second: Affine, first: Affine) -> Affine:
    (a2, b2), (a1, b1) = second, first
    return a2 * a1, a2 * b1 + b2


def test_learning_scan_operator() -> None:
    steps = [(torch.rand(D), torch.randn(D)) for _ in range(8)]
    h0 = torch.randn(D)
    h = h0
    for a, b in steps:
        h = a * h + b
    rounds = 0
    while len(steps) > 1:  # a tree: neighbours at once, half as many left
        steps = [compose(steps[i + 1], steps[i]) for i in range(0, len(steps), 2)]
        rounds += 1
    assert rounds == math.log2(8)
    assert_close(steps[0][0] * h0 + steps[0][1], h)
    first, second, third = [(torch.rand(D), torch.randn(D)) for _ in range(3)]
    assert_close(compose(compose(third, second), first), compose(third, compose(second, first)))


def rotate(x: Tensor, t: int) -> Tensor:
    """R_t x by the formula, for x (..., d)."""
    d = x.shape[-1]
    theta = 10000.0 ** (-2 * torch.arange(d // 2) / d)
    first, second = x[..., : d // 2], x[..., d // 2 :]
    cos, sin = torch.cos(t * theta), torch.sin(t * theta)
    return torch.cat([cos * first - sin * second, sin * first + cos * second], -1)


def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Sums of values by the formula, for rotated q, k (T, d) and v (T, d)."""
    rows = []
    for t in range(len(q)):
        scores = torch.stack([torch.exp(q[t] @ k[s] / math.sqrt(q.shape[-1])) for s in range(t + 1)])
        rows.append((scores / scores.sum()) @ v[: t + 1])
    return torch.stack(rows)


def rotated(x: Tensor, weight: Tensor) -> Tensor:
    return torch.stack([rotate(weight @ x_t, t) for t, x_t in enumerate(x)])


def test_learning_attention_forward() -> None:
    x, (W_q, W_k, W_v, W_o) = torch.randn(T, D), torch.randn(4, D, D)
    q, k, v = rotated(x, W_q), rotated(x, W_k), x @ W_v.T
    y = attend(q, k, v)
    assert_close(y, F.scaled_dot_product_attention(q[None], k[None], v[None], is_causal=True)[0])
    ours = Attention(D, heads=1, kv_heads=1, context=T)
    fill(ours, query_weight=W_q, key_weight=W_k, value_weight=W_v, output_weight=W_o)
    assert_close(y @ W_o.T, ours(x[None])[0][0], rtol=1e-5, atol=1e-5)  # angles in float32


def test_learning_rotary() -> None:
    x, t = torch.randn(6), 11
    pairs = torch.complex(x[:3], x[3:])
    turned = pairs * torch.polar(torch.ones(3), t * 10000.0 ** (-2 * torch.arange(3) / 6))
    assert_close(rotate(x, t), torch.cat([turned.real, turned.imag]))


def test_learning_rotary_relative() -> None:
    q, k = torch.randn(2, 6)
    assert_close(rotate(q, 13) @ rotate(k, 9), q @ rotate(k, 9 - 13))


def test_learning_grouped_heads() -> None:
    H, K, width = 4, 2, 16
    d = width // H
    x, W_q, W_o = torch.randn(T, width), torch.randn(H, d, width), torch.randn(width, width)
    W_k, W_v = torch.randn(2, K, d, width)
    q = torch.stack([rotated(x, W_q[j]) for j in range(H)])
    k = torch.stack([rotated(x, W_k[m]) for m in range(K)])
    v = torch.stack([x @ W_v[m].T for m in range(K)])
    heads = torch.stack([attend(q[j], k[j * K // H], v[j * K // H]) for j in range(H)])
    expected = F.scaled_dot_product_attention(q[None], k[None], v[None], is_causal=True, enable_gqa=True)[0]
    assert_close(heads, expected)
    y = torch.cat(list(heads), -1) @ W_o.T
    ours = Attention(width, heads=H, kv_heads=K, context=T)
    fill(ours, query_weight=W_q.flatten(0, 1), key_weight=W_k.flatten(0, 1), value_weight=W_v.flatten(0, 1))
    fill(ours, output_weight=W_o)
    assert_close(y, ours(x[None])[0][0], rtol=1e-5, atol=1e-5)


def norm(x: Tensor, gamma: Tensor) -> Tensor:
    return gamma * x / torch.sqrt(x.square().mean(-1, keepdim=True) + 1e-6)


def test_learning_rmsnorm() -> None:
    theirs = nn.RMSNorm(D, eps=1e-6)
    nn.init.normal_(theirs.weight)
    x = torch.randn(T, D)
    assert_close(norm(x, theirs.weight), theirs(x))


def mlp(x: Tensor, module: GatedMLP) -> Tensor:
    gate = x @ module.gate_weight.T
    return (gate * sigmoid(gate) * (x @ module.up_weight.T)) @ module.down_weight.T


def test_learning_gated_mlp() -> None:
    module, x = GatedMLP(D, 6), torch.randn(T, D)
    module.reset_parameters()
    up, gate = F.linear(x, module.up_weight), F.linear(x, module.gate_weight)
    assert_close(mlp(x, module), F.linear(F.silu(gate) * up, module.down_weight))
    assert_close(mlp(x, module), module(x))


def test_learning_block() -> None:
    block = Block(LSTM(D), GatedMLP(D, 6), D, 0.0)
    for parameter in block.parameters():
        nn.init.normal_(parameter)
    assert block.mlp is not None and block.mlp_norm is not None
    x = torch.randn(1, T, D)
    y = x + block.mixer(norm(x, block.mixer_norm.scale))[0]
    y = y + mlp(norm(y, block.mlp_norm.scale), block.mlp)
    assert_close(y, block(x)[0])


def fill(module: nn.Module, **weights: Tensor) -> None:
    """Copy `weights` into the module's parameters of those names."""
    for name, weight in weights.items():
        getattr(module, name).data.copy_(weight)
