"""Masked tokens: which are asked, what the network is shown of them, and that it learns to tell them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from upwell.model.config import NetworkConfig
from upwell.model.network import Network
from upwell.training.example_streams import Examples
from upwell.training.loop import fit
from upwell.training.masking import MaskedJudge, MaskedStream, MaskedTokens
from upwell.training.recipe import Recipe
from upwell.training.schedules import Budget

VOCABULARY = 40


def examples(number: int, *, seed: int = 0) -> Examples:
    """Texts that count upwards from a random token: what is hidden follows from its neighbours."""
    draws = np.random.default_rng(seed)
    texts = [
        (1 + (start + np.arange(length)) % (VOCABULARY - 1)).astype(np.int64)
        for start, length in zip(
            draws.integers(VOCABULARY, size=number), draws.integers(5, 30, size=number), strict=True
        )
    ]
    return Examples(texts, np.zeros(number, np.int64))


def network(mixer: str = "gru") -> Network:
    config = NetworkConfig(vocab_size=VOCABULARY, width=32, blocks=(mixer,), causal=False, context=64)
    made = Network(config)
    made.reset_parameters(0)
    return made


def test_what_is_asked_is_hidden_replaced_or_left() -> None:
    stream = MaskedStream(examples(4000), 400, 0, vocab_size=VOCABULARY)
    asked = shown = replaced = inside = 0
    for step in range(10):
        batch = stream.batch(step)
        assert batch.lengths is not None and batch.concealed is not None
        text = torch.arange(batch.tokens.shape[1]) < batch.lengths[:, None]
        told = batch.targets >= 0
        assert not (told & ~text).any() and not (batch.concealed & ~told).any()
        changed = (batch.tokens != batch.targets) & told & ~batch.concealed
        asked, inside = asked + int(told.sum()), inside + int(text.sum())
        shown, replaced = shown + int((told & ~batch.concealed).sum()), replaced + int(changed.sum())
    assert asked / inside == pytest.approx(0.15, abs=0.01)
    assert shown / asked == pytest.approx(0.2, abs=0.02)
    assert replaced / asked == pytest.approx(0.1 * (1 - 1 / VOCABULARY), abs=0.01)


def test_batches_are_the_same_each_time_and_shared_by_processes() -> None:
    stream, again = (MaskedStream(examples(100), 8, 3, vocab_size=VOCABULARY) for _ in range(2))
    for step in (0, 5, 30):
        whole, other = stream.batch(step), again.batch(step)
        assert whole.concealed is not None and other.concealed is not None
        assert torch.equal(whole.tokens, other.tokens) and torch.equal(whole.concealed, other.concealed)
        for rank in range(2):
            part = stream.batch(step, rank=rank, world=2)
            rows = slice(4 * rank, 4 * rank + 4)
            longest = part.tokens.shape[1]
            assert torch.equal(part.targets, whole.targets[rows, :longest])
    assert not torch.equal(stream.batch(0).targets, stream.batch(stream.windows).targets)


@pytest.mark.parametrize(("mixer", "least"), [("gru", 0.85), ("attention", 0.3)])
def test_a_network_learns_to_tell_them(mixer: str, least: float, tmp_path: Path) -> None:
    judge = MaskedJudge(examples(60, seed=1))
    made = network(mixer)
    before = judge(made.eval())
    result = fit(
        made,
        objective=MaskedTokens(),
        stream=MaskedStream(examples(800), 32, 0, vocab_size=VOCABULARY),
        validate=judge,
        recipe=Recipe(rows=32, length=17, optimizer="adamw", learning_rate=1e-2, carry=False, validations=2),
        budget=Budget("epochs", 16),
        folder=tmp_path,
    )
    after = judge(made)
    assert before.accuracy < 0.2 and after.accuracy > least
    assert result.score is not None and result.score.criterion == after.loss < before.loss


def test_a_batch_that_asks_nothing_costs_nothing() -> None:
    made = network()
    batch = MaskedStream(Examples([np.array([3])] * 4, np.zeros(4, np.int64)), 2, 0, vocab_size=VOCABULARY).batch(0)
    outcome = MaskedTokens()(made, replace(batch, targets=torch.full_like(batch.targets, -1)))
    assert outcome.loss.item() == 0 and outcome.count == 0
