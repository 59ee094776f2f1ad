"""Stories under other names each time."""

from __future__ import annotations

import numpy as np
import torch

from upwell.training.story_examples import StoryExample, StoryExamples, StoryStream

CLASSES = [np.array([2, 3, 4]), np.array([5, 6, 7])]


def examples(number: int = 8, *, ordered: bool = True) -> StoryExamples:
    distances = np.full(10, 9.0, np.float32)
    distances[[4, 6]] = -40, 1  # 4 is asked about, 6 is told of it
    sentences = np.array([[4, 8, 6], [3, 8, 7], [2, 8, 0]])
    row = StoryExample(sentences, np.array([9, 4, 0]), np.array([6]), distances)
    return StoryExamples([row] * number, CLASSES, ordered)


def test_names_are_exchanged_within_their_classes_and_everywhere_alike() -> None:
    batch = examples().batch(np.arange(8), np.random.default_rng(1))
    for words in CLASSES:
        assert (batch.names[:, words].sort(1).values == torch.tensor(words)).all()
    assert (batch.names[:, [0, 1, 8, 9]] == torch.tensor([0, 1, 8, 9])).all()
    for row, names in enumerate(batch.names):
        assert (batch.tokens[row] == names[torch.tensor([[4, 8, 6], [3, 8, 7], [2, 8, 0]])]).all()
        assert (batch.asked[row] == names[torch.tensor([9, 4, 0])]).all()
        assert batch.targets[row].tolist() == [names[6]]


def test_what_is_asked_about_is_named_first_then_what_is_nearest() -> None:
    batch = examples().batch(np.arange(8), np.random.default_rng(1))
    assert batch.asked.tolist() == [[9, 2, 0]] * 8
    assert batch.targets.tolist() == [[5]] * 8
    assert len(set(batch.names[:, 3].tolist())) == 2  # 2 and 3 are as far: chance names them


def test_sentences_change_places_where_their_order_tells_nothing() -> None:
    told = [examples(ordered=ordered).batch(np.arange(8)).tokens[:, :, 0] for ordered in (True, False)]
    assert (told[0][:, 0] == 2).all() and not (told[1][:, 0] == 2).all()
    assert (told[1] > 0).all()


def test_a_batch_is_the_same_each_time_it_is_made() -> None:
    streams = [StoryStream(examples(), 4, seed=3) for _ in range(2)]
    for step in (0, 3, 1):
        one, other = (stream.batch(step) for stream in streams)
        assert (one.tokens == other.tokens).all() and (one.names == other.names).all()
    halves = torch.cat([streams[0].batch(2, rank=rank, world=2).tokens for rank in (0, 1)])
    assert (halves == streams[1].batch(2).tokens).all()
