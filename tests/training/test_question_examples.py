"""Questions in batches: parts of long passages, right places, the span of greatest expected F1."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from upwell.text.passages import FEATURES, MATCHES
from upwell.training.question_examples import (
    ChoiceExample,
    ChoiceExamples,
    QuestionStream,
    SpanExample,
    SpanExamples,
    best_spans,
)

LONGEST, REACH = 4, 10


def example(length: int, *spans: tuple[int, int]) -> SpanExample:
    """A passage whose token number n is a bag of n + 1."""
    passage = np.repeat(np.arange(1, length + 1)[:, None], FEATURES, 1)
    places = np.array(spans, np.int64).reshape(-1, 2)
    return SpanExample(passage, np.zeros((length, MATCHES), np.float32), passage[:2], places)


ROWS = [example(6, (2, 3)), example(25, (3, 4), (20, 21)), example(30, (12, 28)), example(25), example(4, (0, 0))]
EXAMPLES = SpanExamples(ROWS, LONGEST, REACH)


def spans_of(targets: torch.Tensor) -> list[tuple[int, int]]:
    """First and last token of each right span; (-1, -1) of no answer."""
    found = [int(place) for place in targets if place >= 0]
    return [
        ((place - 1) // LONGEST, (place - 1) // LONGEST + (place - 1) % LONGEST) if place else (-1, -1)
        for place in found
    ]


@pytest.mark.parametrize("seed", range(8))
def test_a_part_of_a_long_passage_holds_an_answer_at_its_place(seed: int) -> None:
    batch = EXAMPLES.batch(np.arange(5), np.random.default_rng(seed))
    assert batch.lengths is not None
    assert batch.lengths.tolist() == [6, 10, 10, 10, 4]
    assert spans_of(batch.targets[0]) == [(2, 3)]
    first, last = spans_of(batch.targets[1])[0]
    assert (batch.tokens[1, first, 0], batch.tokens[1, last, 0]) in ((4, 5), (21, 22))
    begin, end = spans_of(batch.targets[2])[0]
    assert batch.tokens[2, begin, 0] == 13  # a longer answer than any span is cut at its end
    assert end == min(begin + LONGEST - 1, REACH - 1)
    assert spans_of(batch.targets[3]) == [(-1, -1)]
    assert spans_of(batch.targets[4]) == [(0, 0)]


def test_parts_differ_from_time_to_time_and_processes_share_them() -> None:
    stream = QuestionStream(EXAMPLES, 4, 0, feature_dropout=0.2)
    one, again = stream.batch(3), QuestionStream(EXAMPLES, 4, 0, feature_dropout=0.2).batch(3)
    assert torch.equal(one.tokens, again.tokens)
    assert torch.equal(one.targets, again.targets)
    halves = [stream.batch(3, rank=rank, world=2) for rank in range(2)]
    for name in ("tokens", "targets", "matches", "asked", "asked_lengths", "lengths"):
        assert torch.equal(torch.cat([getattr(half, name) for half in halves]), getattr(one, name))
    assert 0 < (one.tokens == 0).float().mean() < 1
    assert len({str(stream.batch(step).tokens.tolist()) for step in range(4)}) == 4


def test_the_span_of_greatest_expected_f1_overlaps_with_what_is_probable() -> None:
    logits = torch.full((1, 1 + 6 * LONGEST), -20.0)

    def place(first: int, last: int) -> int:
        return 1 + first * LONGEST + last - first

    for span in ((1, 1), (1, 2), (2, 2)):
        logits[0, place(*span)] = 0.0
    logits[0, place(4, 4)] = 0.2  # the likeliest alone, but nothing overlaps with it
    said, expected = best_spans(logits.softmax(1), LONGEST)
    assert int(said) == place(1, 2)
    probability = float(logits.softmax(1)[0, place(1, 2)])
    assert float(expected) == pytest.approx(probability * (1 + 2 / 3 + 2 / 3), rel=1e-3)
    logits[0, 0] = 3.0
    assert int(best_spans(logits.softmax(1), LONGEST)[0]) == 0


def test_unequal_numbers_of_choices_are_filled_up() -> None:
    def row(number: int) -> ChoiceExample:
        asked = [np.ones((length + 1, FEATURES), np.int64) for length in range(number)]
        matches = [np.ones((5, MATCHES), np.float16)] * number
        return ChoiceExample(np.ones((5, FEATURES), np.int64), matches, asked, np.arange(number, dtype=np.float32), 1)

    batch = ChoiceExamples([row(2), row(4)]).batch(np.arange(2))
    assert batch.asked_lengths.tolist() == [[1, 2, 0, 0], [1, 2, 3, 4]]
    assert batch.asked.shape == (2, 4, 4, FEATURES)
    assert batch.matches.shape == (2, 4, 5, MATCHES)
    assert batch.known is not None
    assert batch.known.tolist() == [[0, 1, 0, 0], [0, 1, 2, 3]]
    assert batch.targets.tolist() == [[1], [1]]
