"""Readers learn: batches of separate texts, objectives, judgement."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from upwell.model.reader import Reader
from upwell.model.sizes import network_config
from upwell.training.example_streams import Examples, ExampleStream
from upwell.training.loop import fit
from upwell.training.reading import ReaderJudge, ReaderScore, TextClasses, TokenTags, read_all
from upwell.training.recipe import Recipe
from upwell.training.schedules import Budget


def texts(number: int, seed: int = 0) -> list[np.ndarray]:
    draws = np.random.default_rng(seed)
    return [draws.integers(1, 9, draws.integers(3, 12)) for _ in range(number)]


def reader(head: str, outputs: int = 0, model: str = "gru") -> Reader:
    network = Reader(network_config(model, 6000, vocab_size=9, context=40, causal=False, head=head, outputs=outputs))
    network.reset_parameters(0)
    return network


def classes(tokens: list[np.ndarray]) -> Examples:
    """Whether a text holds a 7."""
    return Examples(tokens, np.array([int(7 in text) for text in tokens]))


def several(tokens: list[np.ndarray]) -> Examples:
    """Which of 6, 7 and 8 a text holds."""
    return Examples(tokens, np.array([[float(n in text) for n in (6, 7, 8)] for text in tokens], np.float32))


def tags(tokens: list[np.ndarray]) -> Examples:
    """Whether the next token is greater; of the last one nothing is asked."""
    return Examples(tokens, [np.append((text[1:] > text[:-1]).astype(int), -1)[:, None] for text in tokens])


def both_tags(tokens: list[np.ndarray]) -> Examples:
    """The same, and as a second kind the remainder of the token by three, of which nothing is asked in some texts."""
    first = tags(tokens).targets
    second = [text % 3 if place % 2 else np.full(len(text), -1) for place, text in enumerate(tokens)]
    return Examples(tokens, [np.column_stack(pair) for pair in zip(first, second, strict=True)])


KINDS: dict[str, tuple[Any, Any, int]] = {
    "classes": (classes, TextClasses(0.05), 2),
    "several": (several, TextClasses(), 3),
    "tags": (tags, TokenTags(2), 2),
    "two kinds of tags": (both_tags, TokenTags(2), 5),
}


def learn(kind: str, folder: Path, *, steps: int = 150, **options: Any) -> tuple[Reader, ReaderScore, Examples]:
    make, objective, outputs = KINDS[kind]
    network = reader({"several": "classes", "two kinds of tags": "tags"}.get(kind, kind), outputs)
    recipe = Recipe(rows=16, length=8, learning_rate=1e-2, carry=False, turns=1, validations=2)
    held_out = make(texts(80, 1))
    result = fit(
        network,
        objective=objective,
        stream=ExampleStream(make(texts(400)), recipe.rows, recipe.seed),
        validate=ReaderJudge(held_out, objective),
        recipe=recipe,
        budget=Budget("tokens", steps * recipe.tokens_per_step),
        folder=folder,
        **options,
    )
    assert isinstance(result.score, ReaderScore)
    return network, result.score, held_out


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_reader_learns(kind: str, tmp_path: Path) -> None:
    network, score, held_out = learn(kind, tmp_path)
    assert score.accuracy > 0.9
    said = read_all(network, held_out)
    if kind == "classes":
        right = np.mean(np.stack(said).argmax(1) == held_out.targets)
        assert right == pytest.approx(score.accuracy)
    if kind == "tags":
        assert [len(one) for one in said] == held_out.lengths.tolist()


def test_two_workers_learn_the_same(tmp_path: Path) -> None:
    one = learn("classes", tmp_path / "one", steps=30)[1]
    two = learn("classes", tmp_path / "two", steps=30, num_workers=2)[1]
    assert two.loss == pytest.approx(one.loss, abs=1e-3)


def test_an_epoch_shows_every_text_once_and_like_lengths_together() -> None:
    examples = classes(texts(100))
    stream = ExampleStream(examples, 10, seed=3)
    assert stream.windows == 10
    for epoch in range(2):
        seen = np.concatenate([stream._chosen(epoch * 10 + step) for step in range(10)])
        assert sorted(seen.tolist()) == list(range(100))
    widths = [stream.batch(step).tokens.shape[1] - int(stream.batch(step).lengths.min()) for step in range(10)]  # type: ignore[union-attr]
    assert np.mean(widths) < 3
    assert len({tuple(stream._chosen(step)) for step in range(20)}) == 20


def test_processes_share_the_rows_of_a_batch_and_what_is_concealed() -> None:
    stream = ExampleStream(classes(texts(40)), 8, seed=0, word_dropout=0.3)
    whole = stream.batch(2)
    parts = [
        ExampleStream(classes(texts(40)), 8, seed=0, word_dropout=0.3).batch(2, rank=rank, world=2) for rank in range(2)
    ]
    assert torch.equal(torch.cat([part.targets for part in parts]), whole.targets)
    assert whole.concealed is not None
    assert 0.15 < float(whole.concealed.float().mean()) < 0.45
    for rank, part in enumerate(parts):
        assert part.concealed is not None
        rows = whole.concealed[4 * rank : 4 * rank + 4]
        assert torch.equal(part.concealed, rows[:, : part.concealed.shape[1]])


@torch.no_grad()
def test_smoothing_never_wants_certainty() -> None:
    network = reader("classes", 3)
    batch = several(texts(4)).batch(np.arange(4))
    plain, smooth = TextClasses()(network, batch).loss, TextClasses(0.2)(network, batch).loss
    assert float(plain) == pytest.approx(float(smooth), rel=1e-5)  # at first every answer is even
    network.output_bias.data.fill_(20)
    assert float(TextClasses(0.2)(network, batch).loss) > float(TextClasses()(network, batch).loss)
