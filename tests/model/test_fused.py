"""Operations with a backward of their own, each beside its plain twin."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from upwell.model.fused import gated_mlp, rms_norm
from upwell.model.mixers import Attention
from upwell.model.mixers.kernel import causal_attention, rotation


def plain_norm(x: Tensor, scale: Tensor) -> Tensor:
    return x / (x.square().mean(-1, keepdim=True) + 1e-6).sqrt() * scale


def plain_mlp(x: Tensor, gate: Tensor, up: Tensor, down: Tensor) -> Tensor:
    return (F.silu(x @ gate.T) * (x @ up.T)) @ down.T


def plain_attention(packed: Tensor, cos: Tensor, sin: Tensor, heads: int, kv_heads: int) -> Tensor:
    batch, time, width = packed.shape
    by_head = packed.view(batch, time, heads + 2 * kv_heads, -1)
    query, key, value = torch.split(by_head, [heads, kv_heads, kv_heads], 2)

    def rotate(x: Tensor) -> Tensor:
        first, second = x.chunk(2, -1)
        c, s = cos[:, None], sin[:, None]
        return torch.cat([first * c - second * s, second * c + first * s], -1)

    key, value = (x.repeat_interleave(heads // kv_heads, 2) for x in (rotate(key), value))
    scores = torch.einsum("bthe,bshe->bhts", rotate(query), key) / (width // (heads + 2 * kv_heads)) ** 0.5
    seen = torch.ones(time, time, dtype=torch.bool).tril()
    mixed = torch.einsum("bhts,bshe->bthe", scores.masked_fill(~seen, -torch.inf).softmax(-1), value)
    return mixed.flatten(2)


def compare(fast: Callable[..., Tensor], plain: Callable[..., Tensor], *shapes: tuple[int, ...]) -> None:
    """Outputs and all gradients in fp32; a numerical check of the backward in float64."""
    torch.manual_seed(0)
    arguments = [torch.randn(shape, requires_grad=True) for shape in shapes]
    one, other = fast(*arguments), plain(*arguments)
    torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)
    weight = torch.randn_like(one)
    for mine, theirs in zip(
        torch.autograd.grad(one, arguments, weight), torch.autograd.grad(other, arguments, weight), strict=True
    ):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-4)


def test_rms_norm_equals_its_formula_and_passes_gradcheck() -> None:
    compare(lambda x, s: rms_norm(x, s, 1e-6), plain_norm, (3, 5, 8), (8,))
    arguments = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in ((2, 3, 4), (4,))]
    assert torch.autograd.gradcheck(lambda x, s: rms_norm(x, s, 1e-6), arguments)


def test_a_backward_leaves_the_gradient_it_was_given_alone() -> None:
    x, scale = torch.randn(3, 8, requires_grad=True), torch.randn(8, requires_grad=True)
    gradient = torch.randn(3, 8)
    kept = gradient.clone()
    torch.autograd.grad(rms_norm(x, scale, 1e-6), [x, scale], gradient)
    assert torch.equal(gradient, kept)


def test_gated_mlp_equals_its_formula_and_passes_gradcheck() -> None:
    compare(gated_mlp, plain_mlp, (3, 5, 8), (12, 8), (12, 8), (8, 12))
    shapes = ((2, 3, 4), (6, 4), (6, 4), (4, 6))
    arguments = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]
    assert torch.autograd.gradcheck(gated_mlp, arguments)


@pytest.mark.parametrize(("heads", "kv_heads"), [(4, 4), (4, 2), (2, 1)])
@pytest.mark.parametrize("time", [1, 9, 150, 300])
def test_causal_attention_equals_its_formula(heads: int, kv_heads: int, time: int) -> None:
    cos, sin = rotation(time, 8, 10000.0, torch.float32)
    compare(
        lambda packed: causal_attention(packed, cos, sin, heads=heads, kv_heads=kv_heads)[0],
        lambda packed: plain_attention(packed, cos, sin, heads, kv_heads),
        (2, time, (heads + 2 * kv_heads) * 8),
    )


def test_causal_attention_passes_gradcheck() -> None:
    cos, sin = rotation(5, 4, 10000.0, torch.float64)
    packed = torch.randn(2, 5, 8 * 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: causal_attention(x, cos, sin, heads=4, kv_heads=2)[0], [packed])
    first = torch.tensor([[0, 0, 2, 2, 4], [0, 1, 1, 1, 1]])
    places = torch.arange(5) - first
    turns = cos[places][:, None], sin[places][:, None]
    assert torch.autograd.gradcheck(lambda x: causal_attention(x, *turns, first, heads=4, kv_heads=2)[0], [packed])


@pytest.mark.parametrize("starts", [None, [0], [5], [0, 3, 9], [11]])
@pytest.mark.parametrize("options", [{}, {"qk_norm": True}, {"window": 12}, {"late_keys": 1}])
def test_attention_in_training_equals_attention_in_use(
    options: dict[str, bool | int], starts: list[int] | None
) -> None:
    torch.manual_seed(0)
    mixer = Attention(16, heads=4, kv_heads=2, context=32, **options)  # type: ignore[arg-type]
    mixer.reset_parameters()
    x = torch.randn(2, 12, 16)
    begins = None if starts is None else torch.zeros(2, 12, dtype=torch.bool).index_fill(1, torch.tensor(starts), True)
    trained, cache = mixer(x, None, begins)
    with torch.no_grad():
        used, other = mixer(x, None, begins)
    torch.testing.assert_close(trained, used)
    assert cache.keys() == other.keys()
    for name in cache:
        torch.testing.assert_close(cache[name], other[name])


@pytest.mark.parametrize("width", [32, 64])
def test_bf16_gradients_are_as_near_to_fp32_as_those_of_the_flash_kernel(width: int) -> None:
    torch.manual_seed(0)
    exact = torch.randn(2, 128, 3 * width)
    cos, sin = rotation(128, 16, 10000.0, torch.float32)
    weight = torch.randn(2, 128, width)

    def gradient(dtype: torch.dtype, fast: bool) -> Tensor:
        packed = exact.to(dtype).requires_grad_()
        tables = cos.to(dtype), sin.to(dtype)
        heads = width // 16
        if fast:
            out = causal_attention(packed, *tables, heads=heads, kv_heads=heads)[0]
        else:
            parts = packed.view(2, 128, 3, heads, 16).permute(2, 0, 3, 1, 4)
            turned = []
            for part in parts[:2]:
                first, second = part.chunk(2, -1)
                turned.append(
                    torch.cat([first * tables[0] - second * tables[1], second * tables[0] + first * tables[1]], -1)
                )
            out = F.scaled_dot_product_attention(*turned, parts[2], is_causal=True).transpose(1, 2).flatten(2)
        return torch.autograd.grad(out, packed, weight.to(dtype))[0].float()

    true = gradient(torch.float32, True)
    ours, flash = ((gradient(torch.bfloat16, fast) - true).norm() / true.norm() for fast in (True, False))
    print(f"relative error in bf16: {ours:.4f}, flash {flash:.4f}")
    assert ours < 1.5 * flash
