"""The chunked cross-entropy equals torch's, with weights, in every dtype, over any number of chunks."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from upwell.training import cross_entropy
from upwell.training.cross_entropy import linear_cross_entropy


def plain(
    hidden: Tensor, head: Tensor, targets: Tensor, weights: Tensor | None = None, smoothing: float = 0.0
) -> Tensor:
    losses = F.cross_entropy((hidden @ head.T).float(), targets, reduction="none", label_smoothing=smoothing)
    return (losses if weights is None else losses * weights).sum()


def draw(rows: int, vocabulary: int, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    torch.manual_seed(0)
    hidden = torch.randn(rows, 8).to(dtype).requires_grad_()
    head = torch.randn(vocabulary, 8).to(dtype).requires_grad_()
    return hidden, head, torch.randint(vocabulary, (rows,)), torch.rand(rows)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("chunk", "piece"), [(1 << 23, 1 << 18), (100, 100), (100, 30)])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 2e-2)])
def test_loss_and_gradients_equal_torchs(
    smoothing: float,
    weighted: bool,
    chunk: int,
    piece: int,
    dtype: torch.dtype,
    tolerance: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cross_entropy, "CHUNK", chunk)
    monkeypatch.setattr(cross_entropy, "SLICE", piece)
    hidden, head, targets, weights = draw(37, 13, dtype)
    weights[3:20] = 0
    given = weights if weighted else None
    mine = linear_cross_entropy(hidden, head, targets, given, smoothing=smoothing)
    theirs = plain(hidden, head, targets, given, smoothing)
    torch.testing.assert_close(mine, theirs, rtol=1e-5, atol=1e-4)
    for one, other in zip(
        torch.autograd.grad(3 * mine, [hidden, head]), torch.autograd.grad(3 * theirs, [hidden, head]), strict=True
    ):
        assert (one - other).norm() <= tolerance * other.norm()


def test_the_gradients_pass_gradcheck() -> None:
    hidden, head, targets, weights = draw(6, 5, torch.float64)
    for smoothing in (0.0, 0.2):

        def loss(h: Tensor, w: Tensor, smoothing: float = smoothing) -> Tensor:
            return linear_cross_entropy(h, w, targets, weights.double(), smoothing=smoothing)

        assert torch.autograd.gradcheck(loss, [hidden, head])


def test_without_gradients_only_the_loss_is_computed() -> None:
    hidden, head, targets, _ = draw(9, 5, torch.float32)
    with torch.no_grad():
        loss = linear_cross_entropy(hidden, head, targets)
    assert not loss.requires_grad and float(loss) == pytest.approx(
        float(plain(hidden, head, targets).detach()), rel=1e-5
    )


def test_rows_that_count_nothing_leave_no_loss_and_no_gradient() -> None:
    hidden, head, targets, _ = draw(9, 5, torch.float32)
    loss = linear_cross_entropy(hidden, head, targets, torch.zeros(9))
    assert float(loss.detach()) == 0
    assert all(float(gradient.abs().sum()) == 0 for gradient in torch.autograd.grad(loss, [hidden, head]))


def test_logits_far_from_zero_do_not_overflow() -> None:
    hidden, head = torch.full((2, 1), 1000.0, requires_grad=True), torch.tensor([[1.0], [-1.0]], requires_grad=True)
    loss = linear_cross_entropy(hidden, head, torch.tensor([0, 1]))
    assert float(loss.detach()) == pytest.approx(2000)
