"""Encoders: every token sees the whole text and none of the padding."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from upwell.errors import UserError
from upwell.model.config import NetworkConfig
from upwell.model.mixers import GRU, Bidirectional
from upwell.model.mixers.bidirectional import backward_order, reorder
from upwell.model.network import Network
from upwell.model.sizes import network_config

MODELS = ["rnn", "lstm", "gru", "mingru", "attention", "lstm attention"]


def make(model: str, **options: Any) -> Network:
    network = Network(network_config(model, 6000, vocab_size=13, context=40, causal=False, **options))
    network.reset_parameters(1)
    return network.eval()


def texts(rows: int, length: int) -> torch.Tensor:
    return torch.randint(0, 13, (rows, length), generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("model", MODELS)
def test_padding_changes_neither_outputs_nor_gradients(model: str) -> None:
    network, ids = make(model), texts(3, 12)
    lengths = torch.tensor([12, 7, 1])
    together, state = network.hidden(ids, lengths=lengths)
    assert all(part is None for part in state)
    alone = [network.hidden(ids[i : i + 1, :length])[0][0] for i, length in enumerate(lengths.tolist())]
    for i, row in enumerate(alone):
        torch.testing.assert_close(together[i, : len(row)], row, rtol=0, atol=1e-5)
    wanted = torch.randn(3, 12, network.config.width, generator=torch.Generator().manual_seed(2))
    wanted[torch.arange(12) >= lengths[:, None]] = 0
    parameters = [p for p in network.parameters() if p is not network.head_weight]
    padded = torch.autograd.grad((together * wanted).sum(), parameters)
    summed = torch.stack([(row * wanted[i, : len(row)]).sum() for i, row in enumerate(alone)]).sum()
    apart = torch.autograd.grad(summed, parameters)
    for one, other in zip(padded, apart, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("model", MODELS)
@torch.no_grad()
def test_every_token_sees_the_whole_text(model: str) -> None:
    network, ids = make(model), texts(1, 9)
    before = network.hidden(ids)[0]
    for place in (0, 8):
        changed = ids.clone()
        changed[0, place] = (changed[0, place] + 1) % 13
        moved = (network.hidden(changed)[0] - before).abs().amax(-1)[0]
        assert (moved > 1e-6).all()


@torch.no_grad()
def test_a_window_of_attention_reaches_both_ways_and_no_further() -> None:
    network, ids = make("attention", depth=1, window=3), texts(1, 9)
    before = network.hidden(ids)[0]
    ids[0, 4] = (ids[0, 4] + 1) % 13
    moved = (network.hidden(ids)[0] - before).abs().amax(-1)[0] > 1e-6
    assert moved.tolist() == [False, False, True, True, True, True, True, False, False]


@torch.no_grad()
def test_a_bidirectional_gru_equals_the_sum_of_torchs() -> None:
    torch.manual_seed(0)
    ours = Bidirectional(GRU(6), GRU(6))
    ours.reset_parameters()
    peer = torch.nn.GRU(6, 6, batch_first=True, bidirectional=True)
    for suffix, mixer in (("l0", ours.forward_mixer), ("l0_reverse", ours.backward_mixer)):
        getattr(peer, f"weight_ih_{suffix}").copy_(mixer.input_weight)
        getattr(peer, f"weight_hh_{suffix}").copy_(mixer.recurrent_weight)
        getattr(peer, f"bias_ih_{suffix}").copy_(mixer.bias)
        getattr(peer, f"bias_hh_{suffix}").copy_(mixer.recurrent_bias)
    x = torch.randn(4, 7, 6)
    expected = peer(x)[0]
    torch.testing.assert_close(ours(x)[0], expected[..., :6] + expected[..., 6:], rtol=0, atol=1e-6)


def test_reading_backward_twice_is_reading_forward() -> None:
    x = torch.randn(3, 5, 2, requires_grad=True)
    order = backward_order(torch.tensor([5, 3, 1]), 5)
    there = reorder(x, order)
    assert torch.equal(there[1, :3], x[1, :3].flip(0))
    assert torch.equal(reorder(there, order), x)
    weights = torch.randn(3, 5, 2)
    (gradient,) = torch.autograd.grad((there * weights).sum(), x)
    assert torch.equal(gradient, reorder(weights, order))


@pytest.mark.parametrize("model", MODELS)
def test_the_dial_counts_both_directions(model: str) -> None:
    network = make(model)
    blocks = sum(p.numel() for p in network.blocks.parameters())
    assert blocks == pytest.approx(6000, rel=0.25)


def test_an_encoder_has_no_documents_inside_a_text_and_no_late_keys() -> None:
    for options in ({"boundary": 0}, {"late_keys": 1}):
        with pytest.raises(UserError, match="causal"):
            NetworkConfig(vocab_size=5, blocks=("attention",), width=8, causal=False, **options)
