"""Pairs in batches; a network that reads a source learns to write its target."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from upwell.model.encoder_decoder import EncoderDecoder
from upwell.model.sizes import encoder_decoder_config
from upwell.training.loop import fit
from upwell.training.pair_examples import PairExamples, PairJudge, PairScore, PairStream, TargetTokens
from upwell.training.recipe import Recipe
from upwell.training.schedules import Budget

END = 0


def backwards(number: int, seed: int = 0) -> PairExamples:
    """Targets are sources read backward."""
    draws = np.random.default_rng(seed)
    sources = [draws.integers(1, 9, draws.integers(2, 6)) for _ in range(number)]
    return PairExamples(sources, [source[::-1] for source in sources], END)


def network(model: str = "gru", **options: float) -> EncoderDecoder:
    made = EncoderDecoder(encoder_decoder_config(model, 12000, vocab_size=9, context=20, depth=1, **options))
    made.reset_parameters(0)
    return made


def test_a_target_is_begun_and_ended_by_the_same_token() -> None:
    examples = PairExamples([np.array([3, 4]), np.array([5])], [np.array([6]), np.array([7, 8])], END)
    batch = examples.batch(np.arange(2))
    assert batch.tokens.tolist() == [[0, 6, 0], [0, 7, 8]]
    assert batch.targets.tolist() == [[6, 0, 0], [7, 8, 0]]
    assert batch.weights is not None
    assert batch.weights.tolist() == [[1, 1, 0], [1, 1, 1]]
    assert batch.source.tolist() == [[3, 4], [5, 0]]
    assert batch.source_lengths.tolist() == [2, 1]
    assert examples.lengths.tolist() == [2, 3]
    part = batch.rows(1, 2)
    assert part.source_lengths.tolist() == [1]  # workers share the rows


def test_pairs_of_like_lengths_come_together() -> None:
    examples = backwards(600)
    padded = 0.0
    stream = PairStream(examples, 20, seed=0)
    for step in range(stream.windows):
        batch = stream.batch(step)
        padded += 1 - float(batch.source_lengths.sum()) / batch.source.numel()
        assert batch.weights is not None
        padded += 1 - float(batch.weights.mean())
    assert padded / stream.windows < 0.1
    assert torch.equal(stream.batch(3).source, PairStream(examples, 20, seed=0).batch(3).source)


@pytest.mark.parametrize("model", ["gru", "attention"])
def test_it_learns_to_write_what_a_source_says(model: str, tmp_path: Path) -> None:
    made, judge = network(model), PairJudge(backwards(50, seed=1))
    before = judge(made.eval())
    assert before.loss > 1.5
    result = fit(
        made,
        objective=TargetTokens(0.05),
        stream=PairStream(backwards(600), 20, seed=0),
        validate=judge,
        recipe=Recipe(rows=20, length=5, carry=False, optimizer="adamw", learning_rate=1e-2, turns=1, validations=3),
        budget=Budget("epochs", 8 if model == "gru" else 12),
        folder=tmp_path,
    )
    assert isinstance(result.score, PairScore)
    assert result.score.loss < 0.5


def test_the_judge_counts_every_token_once_and_smooths_nothing() -> None:
    made, examples = network().eval(), backwards(7)
    score = PairJudge(examples)(made)
    assert score.tokens == sum(len(target) + 1 for target in examples.targets)
    with torch.no_grad():
        nats = 0.0
        for number in range(7):
            batch = examples.batch(np.array([number]))
            logits, _ = made(batch.tokens, made.read_source(batch.source, batch.source_lengths))
            nats -= float(logits.log_softmax(-1).gather(2, batch.targets[..., None]).sum())
    assert score.loss == pytest.approx(nats / score.tokens, rel=1e-5)
    assert score.perplexity == pytest.approx(math.exp(score.loss))
    assert score.to_dict()["tokens"] == score.tokens
    batch = examples.batch(np.arange(7))
    with torch.no_grad():
        smooth, plain = TargetTokens(0.1)(made, batch), TargetTokens()(made, batch)
    assert float(smooth.loss) != pytest.approx(float(plain.loss))
    assert smooth.count == plain.count == score.tokens
