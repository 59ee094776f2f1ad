"""docs/learning.md, sections 5 to 7: backpropagation through time, its troubles and their cures, beside autograd."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.functional import jacobian
from torch.testing import assert_close

from upwell.model.mixers import MinGRU
from upwell.model.state import detach

D, T, V = 4, 6, 5
sigmoid, tanh = torch.sigmoid, torch.tanh


class Unrolled:
    """A tanh RNN with an output matrix over T tokens, its states kept, its loss summed over tokens."""

    def __init__(self) -> None:
        self.W, self.U, self.C = (nn.Parameter(torch.randn(*shape) / 2) for shape in ((D, D), (D, D), (V, D)))
        self.b = nn.Parameter(torch.randn(D) / 2)
        self.x, self.targets = torch.randn(T, D), torch.randint(V, (T,))
        self.h = [torch.zeros(D)]
        for x_t in self.x:
            self.h.append(tanh(self.W @ x_t + self.U @ self.h[-1] + self.b))
            self.h[-1].retain_grad()
        logits = torch.stack([self.C @ h for h in self.h[1:]])
        self.losses = F.cross_entropy(logits, self.targets, reduction="none")
        errors = logits.softmax(1) - F.one_hot(self.targets, V)
        self.g = [torch.zeros(D), *(self.C.T @ error for error in errors)]  # g[t] = dL_t/dh_t

    def slope(self, t: int) -> Tensor:
        return torch.diag(1 - self.h[t] ** 2)

    def reach(self, k: int) -> Tensor:
        """J_T J_{T-1} ... J_{k+1}."""
        product = torch.eye(D)
        for t in range(k + 1, T + 1):
            product = self.slope(t) @ self.U @ product
        return product

    def deltas(self) -> list[Tensor]:
        """delta_0 (unused), delta_1 ... delta_T by the recursion."""
        deltas = [torch.zeros(D)] * (T + 1)
        deltas[T] = self.g[T]
        for t in range(T - 1, 0, -1):
            deltas[t] = self.g[t] + self.U.T @ self.slope(t + 1) @ deltas[t + 1]
        return deltas


def test_learning_bptt_recursion() -> None:
    rnn = Unrolled()
    rnn.losses.sum().backward()
    for t in range(1, T + 1):
        assert_close(rnn.deltas()[t], rnn.h[t].grad)


def test_learning_bptt_weights() -> None:
    rnn = Unrolled()
    dU, dW, db = torch.autograd.grad(rnn.losses.sum(), (rnn.U, rnn.W, rnn.b), retain_graph=True)
    steps = [(t, rnn.slope(t) @ rnn.deltas()[t]) for t in range(1, T + 1)]
    assert_close(sum(torch.outer(step, rnn.h[t - 1]) for t, step in steps), dU)
    assert_close(sum(torch.outer(step, rnn.x[t - 1]) for t, step in steps), dW)
    assert_close(sum(step for _, step in steps), db)


def test_learning_bptt_jacobians() -> None:
    rnn = Unrolled()
    for k in range(T):
        later = nn.RNN(D, D)
        later.load_state_dict(
            {"weight_ih_l0": rnn.W, "weight_hh_l0": rnn.U, "bias_ih_l0": rnn.b, "bias_hh_l0": 0 * rnn.b}
        )
        expected = jacobian(lambda h, later=later, k=k: later(rnn.x[k:], h[None])[1][0], rnn.h[k].detach())
        assert_close(rnn.reach(k).detach(), expected)


def test_learning_bptt_product() -> None:
    rnn = Unrolled()
    (dU,) = torch.autograd.grad(rnn.losses[-1], rnn.U, retain_graph=True)
    terms = [rnn.slope(k) @ rnn.reach(k).T @ torch.outer(rnn.g[T], rnn.h[k - 1]) for k in range(1, T + 1)]
    assert_close(sum(terms), dU)


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
def test_learning_jacobian_bound(nonlinearity: str, scale: float) -> None:
    rnn = nn.RNN(D, D, nonlinearity=nonlinearity)
    x, h0 = torch.randn(T, D), torch.randn(D)
    W, U, b_x, b_h = rnn.parameters()
    U.data.normal_(std=scale / math.sqrt(D))
    h, slopes = h0, torch.tensor(1.0)
    for x_t in x:
        a = (W @ x_t + U @ h + b_x + b_h).detach().requires_grad_()
        h = getattr(torch, nonlinearity)(a)
        slopes = slopes * torch.autograd.grad(h.sum(), a)[0].abs().max()  # the norm of a diagonal matrix
        h = h.detach()
    reach = torch.linalg.matrix_norm(jacobian(lambda h: rnn(x, h[None])[1][0], h0), 2)
    size = torch.linalg.matrix_norm(U, 2)
    assert reach <= slopes * size**T * (1 + 1e-12) and slopes <= 1


def test_learning_spectral_radius() -> None:
    U = torch.randn(6, 6)
    power, log_size, doublings = U, torch.tensor(0.0), 20
    for _ in range(doublings):  # U^(2^n), kept at norm one
        power = power @ power
        log_size = 2 * log_size + torch.linalg.matrix_norm(power, 2).log()
        power = power / torch.linalg.matrix_norm(power, 2)
    rho = torch.linalg.eigvals(U).abs().max()
    assert_close((log_size / 2**doublings).exp(), rho, rtol=1e-4, atol=0)
    assert rho <= torch.linalg.matrix_norm(U, 2)


def test_learning_lstm_cell_path() -> None:
    cell, x, k = nn.LSTMCell(D, D), torch.randn(T, D), 2
    h, c, forgets = torch.zeros(D), torch.zeros(D), []
    for t, x_t in enumerate(x, start=1):
        gates = cell.weight_ih @ x_t + cell.weight_hh @ h.detach() + cell.bias_ih + cell.bias_hh  # held
        i, f, g, o = gates.chunk(4)
        h_next, c_next = cell(x_t[None], (h[None], c[None]))
        c = sigmoid(f) * c + sigmoid(i) * tanh(g)
        h = sigmoid(o) * tanh(c)
        assert_close((h, c), (h_next[0], c_next[0]))  # holding changes no value
        if t == k:
            c_k = c
        elif t > k:
            forgets.append(sigmoid(f))
    rows = [torch.autograd.grad(c[n], c_k, retain_graph=True)[0] for n in range(D)]
    assert_close(torch.stack(rows), torch.diag(torch.stack(forgets).prod(0)))


def test_learning_gru_path() -> None:
    cell, x, k = nn.GRUCell(D, D), torch.randn(T, D), 2
    h, keeps = torch.zeros(D), []
    for t, x_t in enumerate(x, start=1):
        held = h.detach()
        (a_r, a_u, a_n), (s_r, s_u, s_n) = (
            (weight @ value + bias).chunk(3)
            for weight, value, bias in ((cell.weight_ih, x_t, cell.bias_ih), (cell.weight_hh, held, cell.bias_hh))
        )
        u = sigmoid(a_u + s_u)
        expected = cell(x_t[None], h[None])[0]
        h = (1 - u) * tanh(a_n + sigmoid(a_r + s_r) * s_n) + u * h
        assert_close(h, expected)
        if t == k:
            h_k = h
        elif t > k:
            keeps.append(u)
    rows = [torch.autograd.grad(h[n], h_k, retain_graph=True)[0] for n in range(D)]
    assert_close(torch.stack(rows), torch.diag(torch.stack(keeps).prod(0)))


def test_learning_mingru_path() -> None:
    mixer, x = MinGRU(D), torch.randn(1, T, D)
    mixer.reset_parameters()
    reach = jacobian(lambda h: mixer(x, {"hidden": h[None]})[1]["hidden"][0], torch.randn(D, dtype=torch.float32))
    u = sigmoid(F.linear(x[0], mixer.input_weight[:D], mixer.bias))
    assert_close(reach.double(), torch.diag((1 - u).prod(0)), rtol=1e-5, atol=1e-6)  # scanned in float32


def test_learning_fall_lag() -> None:
    for b in (-1.0, 0.0, 1.0, 4.0):
        gate = sigmoid(torch.tensor(b))
        K = math.log(1000) / -gate.log()
        assert_close(gate**K, torch.tensor(1e-3))


def test_learning_attention_path() -> None:
    q, k, v, W_o, at = torch.randn(T, D), torch.randn(T, D), torch.randn(T, D), torch.randn(D, D), 1

    def last(v_k: Tensor) -> Tensor:
        values = torch.cat([v[:at], v_k[None], v[at + 1 :]])
        return W_o @ F.scaled_dot_product_attention(q[None], k[None], values[None], is_causal=True)[0, -1]

    alpha = (k @ q[-1] / math.sqrt(D)).softmax(0)
    assert_close(alpha[at] * W_o, jacobian(last, v[at]))


def test_learning_residual_gradient() -> None:
    F_m = [nn.Sequential(nn.Linear(D, D), nn.Tanh()) for _ in range(3)]
    stream = [torch.randn(D)]
    for f in F_m:
        stream.append(stream[-1] + f(stream[-1]))
    whole = jacobian(lambda x: F_m[2](y := (z := x + F_m[0](x)) + F_m[1](z)) + y, stream[0])
    J = [jacobian(f, x.detach()) for f, x in zip(F_m, stream, strict=False)]
    identity = torch.eye(D)
    assert_close((identity + J[2]) @ (identity + J[1]) @ (identity + J[0]), whole)
    higher = [J[n] @ J[m] for m, n in itertools.combinations(range(3), 2)]
    assert_close(identity + sum(J) + sum(higher) + J[2] @ J[1] @ J[0], whole)


def test_learning_rmsnorm_gradient() -> None:
    x = torch.randn(D)
    r = x.square().mean().sqrt()
    formula = (torch.eye(D) - torch.outer(x, x) / (D * r**2)) / r
    assert_close(formula, jacobian(lambda v: F.rms_norm(v, (D,), eps=0.0), x))
    assert_close(formula @ x, torch.zeros(D))


def test_learning_initial_variance() -> None:
    signs = torch.tensor(list(itertools.product([-1.0, 1.0], repeat=9))).view(-1, 3, 3)  # all, so the mean is exact
    W, x = signs / math.sqrt(3), torch.randn(3)
    assert_close(W.mean(0), torch.zeros(3, 3))
    assert_close(W.square().mean(0), torch.full((3, 3), 1 / 3))
    assert_close((W @ x).square().sum(-1).mean(), x.square().sum())


def test_learning_orthogonal() -> None:
    U, g = nn.init.orthogonal_(torch.empty(D, D)), torch.randn(D)
    assert_close(U.T @ U, torch.eye(D))
    assert_close(torch.linalg.svdvals(U), torch.ones(D))
    assert_close((torch.linalg.matrix_power(U.T, 500) @ g).norm(), g.norm())


@pytest.mark.parametrize("limit", [0.5, 100.0])
def test_learning_clipping(limit: float) -> None:
    parameters = [nn.Parameter(torch.randn(3, 2)), nn.Parameter(torch.randn(4))]
    for parameter in parameters:
        parameter.grad = torch.randn_like(parameter)
    g = torch.cat([p.grad.flatten() for p in parameters if p.grad is not None])
    nn.utils.clip_grad_norm_(parameters, limit)
    clipped = torch.cat([p.grad.flatten() for p in parameters if p.grad is not None])
    assert_close(g * min(1.0, limit / g.norm().item()), clipped, rtol=1e-5, atol=0)  # torch adds 1e-6 to the norm


def test_learning_truncated_backpropagation() -> None:
    rnn, x = nn.RNN(D, D), torch.randn(2 * T, D, requires_grad=True)
    whole, _ = rnn(x)
    first, state = rnn(x[:T])
    second, _ = rnn(x[T:], detach(state))
    assert_close(torch.cat([first, second]), whole)
    through = torch.autograd.grad(whole[-1].sum(), x, retain_graph=True)[0]
    cut = torch.autograd.grad(second[-1].sum(), x)[0]
    assert_close(cut[T:], through[T:])
    assert not cut[:T].any() and through[:T].any()
