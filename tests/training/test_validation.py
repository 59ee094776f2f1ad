"""Validation predicts every token once; compared with the slow way of doing so."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from upwell.model.network import Network
from upwell.training import validation
from upwell.training.validation import Score, stream_nats


def slow_nats(network: Network, tokens: Any, first: int, history: int | None) -> float:
    """Each token from its own call on the `history` tokens before it (None: all of them)."""
    ids = [first, *tokens.tolist()]
    total = 0.0
    for i in range(1, len(ids)):
        start = 0 if history is None else max(0, i - history)
        logits, _ = network(torch.tensor([ids[start:i]]))
        total += float(F.cross_entropy(logits[0, -1].double(), torch.tensor(ids[i])))
    return total


@pytest.mark.parametrize("model", ["rnn", "lstm", "gru", "mingru"])
@torch.no_grad()
def test_a_recurrent_network_reads_the_whole_text_as_if_at_once(
    model: str, tiny_config: Any, valid_tokens: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = Network(tiny_config(model)).eval()
    network.reset_parameters(0)
    tokens = valid_tokens[:150]
    expected = slow_nats(network, tokens, 3, None)
    assert stream_nats(network, tokens, 3) == pytest.approx(expected, rel=1e-5)
    monkeypatch.setattr(validation, "SEGMENT", 40)
    monkeypatch.setattr(validation, "WARM", 40)
    monkeypatch.setattr(validation, "MAX_ROWS", 3)
    assert stream_nats(network, tokens, 3) == pytest.approx(expected, rel=2e-3)


@torch.no_grad()
def test_attention_sees_at_least_half_its_context(tiny_config: Any, valid_tokens: Any) -> None:
    network = Network(tiny_config("attention")).eval()
    network.reset_parameters(0)
    tokens, half = valid_tokens[:150], network.config.context // 2
    ids = torch.tensor([3, *tokens.tolist()])
    total = 0.0
    for start in range(0, len(tokens), half):  # one call per half context, behind the half before it
        begin, end = max(0, start - half), min(start + half, len(tokens))
        logits, _ = network(ids[None, begin:end])
        losses = F.cross_entropy(logits[0].double(), ids[begin + 1 : end + 1], reduction="none")
        total += float(losses[start - begin :].sum())
    assert stream_nats(network, tokens, 3) == pytest.approx(total, rel=1e-5)


@pytest.mark.parametrize("model", ["lstm", "attention", "lstm attention"])
@torch.no_grad()
def test_uniform_logits_cost_log_vocabulary_for_every_token(model: str, tiny_config: Any, valid_tokens: Any) -> None:
    network = Network(tiny_config(model)).eval()
    network.reset_parameters(0)
    network.embedding_weight.zero_()
    for number in (1, 5, 63, 64, 65, 700):
        assert stream_nats(network, valid_tokens[:number], 0) == pytest.approx(number * math.log(17), rel=1e-6)


def test_score_gives_bits_per_byte_and_perplexity_per_word() -> None:
    score = Score(nats=693.147, tokens=250, num_bytes=500, num_words=100)
    assert score.bits_per_byte == pytest.approx(2.0, rel=1e-5)
    assert score.loss == pytest.approx(2.772588)
    assert score.word_perplexity == pytest.approx(2**10, rel=1e-4)
