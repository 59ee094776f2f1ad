"""Networks that read a passage with a question: padding, spans, choices, sizes."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from upwell.model.accounting import parameters_by_kind
from upwell.model.network import FAR
from upwell.model.question_reader import ChoiceReader, SpanReader
from upwell.model.reader import build_network
from upwell.model.sizes import network_config
from upwell.text.passages import MATCHES

LENGTHS, ASKED = torch.tensor([9, 4, 1]), torch.tensor([2, 5, 1])
LONGEST = 3


def make(kind: type[Any], model: str = "gru", **options: Any) -> Any:
    head, outputs = ("spans", LONGEST) if kind is SpanReader else ("choices", 1)
    config = network_config(
        model, 4000, vocab_size=13, context=40, depth=2, causal=False, bags=True, head=head, outputs=outputs, **options
    )
    network = build_network(config)
    assert type(network) is kind
    network.reset_parameters(1)
    with torch.no_grad():
        for parameter in network.parameters():  # those that begin at zero too
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(2)))
    return network.eval()


def given(*rows: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Passages, their matches, and questions for each of `rows`."""
    draws = torch.Generator().manual_seed(0)
    passage = torch.randint(1, 13, (rows[0], 9, 2), generator=draws)
    matches = torch.rand(*rows, 9, MATCHES, generator=draws)
    return passage, matches, torch.randint(1, 13, (*rows, 5, 2), generator=draws)


@pytest.mark.parametrize("model", ["rnn", "lstm", "gru", "mingru", "attention"])
@torch.no_grad()
def test_what_pads_passage_and_question_changes_no_span(model: str) -> None:
    network = make(SpanReader, model, embedding_width=6)
    passage, matches, asked = given(3)
    said = network.read_spans(passage, LENGTHS, matches, asked, ASKED)
    assert said.shape == (3, 1 + 9 * LONGEST)
    for i, (length, words) in enumerate(zip(LENGTHS.tolist(), ASKED.tolist(), strict=True)):
        row = slice(i, i + 1)
        alone = network.read_spans(
            passage[row, :length], LENGTHS[row], matches[row, :length], asked[row, :words], ASKED[row]
        )
        torch.testing.assert_close(said[row, : 1 + length * LONGEST], alone, rtol=0, atol=1e-4)


@torch.no_grad()
def test_no_span_leaves_the_passage() -> None:
    passage, matches, asked = given(3)
    said = make(SpanReader).read_spans(passage, LENGTHS, matches, asked, ASKED)[:, 1:].view(3, 9, LONGEST)
    for row, length in zip(said, LENGTHS.tolist(), strict=True):
        for first in range(9):
            for extra in range(LONGEST):
                assert (row[first, extra] > FAR / 2) == (first + extra < length)


@torch.no_grad()
def test_a_span_is_scored_by_its_own_ends() -> None:
    network = make(SpanReader)
    passage, matches, asked = given(3)
    whole = network.read_spans(passage, LENGTHS, matches, asked, ASKED)
    x, pooled = network.joined(passage, LENGTHS, matches, asked, ASKED)
    first, last = x[0, 2], x[0, 4]
    scale = network.config.width**-0.5
    left, right = network.left_weight @ first, network.right_weight @ last
    expected = (
        first @ network.start_weight @ pooled[0, 0] * scale
        + last @ network.end_weight @ pooled[0, 0] * scale
        + network.ends_weight[0] @ first
        + network.ends_weight[1] @ last
        + left @ right / len(left) ** 0.5
        + network.length_weight[2] @ pooled[0, 0]
        + network.length_bias[2]
    )
    torch.testing.assert_close(whole[0, 1 + 2 * LONGEST + 2], expected, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_choices_are_read_each_for_itself_and_missing_ones_cannot_be() -> None:
    network = make(ChoiceReader)
    passage, matches, asked = given(3, 4)
    lengths = torch.tensor([[2, 5, 1, 3], [1, 2, 0, 0], [5, 5, 5, 0]])
    said = network.read_choices(passage, LENGTHS, matches, asked, lengths)
    assert ((said == FAR) == (lengths == 0)).all()
    order = torch.tensor([3, 1, 0, 2])
    turned = network.read_choices(passage, LENGTHS, matches[:, order], asked[:, order], lengths[:, order])
    torch.testing.assert_close(turned, said[:, order], rtol=0, atol=1e-5)


def test_every_parameter_is_counted_as_what_it_is() -> None:
    network = make(SpanReader, embedding_width=6)
    counts = parameters_by_kind(network)
    assert counts["total"] == sum(parameter.numel() for parameter in network.parameters())
    width = network.config.width
    assert counts["norm"] == (3 + 3) * width  # of three blocks, question, passage and the end
    assert counts["mixer"] == 3 * sum(p.numel() for p in network.blocks[0].mixer.parameters())
