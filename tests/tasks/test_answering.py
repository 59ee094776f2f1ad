"""A model that is asked: batches change nothing, likelihoods are those of the network."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from upwell.errors import UserError
from upwell.model.network import Network
from upwell.model.sizes import network_config
from upwell.tasks.answering import ModelAnswerer
from upwell.text.examples import Example

WAY = {"max_tokens": 12, "stop": ("\n",), "seed": 3}


@pytest.mark.parametrize("temperature", [0.0, 0.9])
def test_answers_do_not_depend_on_who_else_is_asked(
    temperature: float, ignorant: ModelAnswerer, questions: list[Example]
) -> None:
    prompts = [example.prompt[: 20 + 3 * i] for i, example in enumerate(questions[:12])]
    together = ignorant.write(prompts, temperature=temperature, **WAY)
    alone = [
        ignorant.write([prompt], temperature=temperature, **{**WAY, "seed": 3 + i})[0]
        for i, prompt in enumerate(prompts)
    ]
    assert together == alone


def test_likelihood_is_the_sum_over_the_answer_and_the_end(ignorant: ModelAnswerer) -> None:
    pairs = [("Box 1 is red", " and red"), ("Box", " 2 is blue and long")]
    tokenizer, network = ignorant.tokenizer, ignorant.network
    for (prompt, answer), found in zip(pairs, ignorant.likelihoods(pairs, lines=True), strict=True):
        before = [tokenizer.end_of_text, *map(int, tokenizer.encode(prompt))]
        after = [*map(int, tokenizer.encode(answer)), tokenizer.end_of_text]
        with torch.inference_mode():
            logits = network(torch.tensor([before + after]))[0][0]
        losses = F.cross_entropy(logits[len(before) - 1 : -1], torch.tensor(after), reduction="none")
        assert found.tokens == len(after)
        assert found.nats == pytest.approx(float(losses.sum()), abs=1e-4)
        assert math.exp(-found.nats) < 1


def test_an_answer_of_one_line_may_end_with_the_line(ignorant: ModelAnswerer) -> None:
    tokenizer, network = ignorant.tokenizer, ignorant.network
    (one,) = ignorant.likelihoods([("Box 1 is", " red")])
    (whole,) = ignorant.likelihoods([("Box 1 is", " red")], lines=True)
    ids = [tokenizer.end_of_text, *map(int, tokenizer.encode("Box 1 is red"))]
    with torch.inference_mode():
        last = network(torch.tensor([ids]))[0][0, -1].double().log_softmax(0)
    breaks = [i for i in range(tokenizer.vocab_size) if tokenizer.token_bytes(i).startswith(b"\n")]
    assert breaks
    gain = last[[tokenizer.end_of_text, *breaks]].logsumexp(0) - last[tokenizer.end_of_text]
    assert whole.nats - one.nats == pytest.approx(float(gain), abs=1e-4) and float(gain) > 0


def test_likelihood_after_a_mark_is_among_the_tokens_that_begin_with_it(ignorant: ModelAnswerer) -> None:
    tokenizer, network = ignorant.tokenizer, ignorant.network
    opened = tokenizer.open_end(tokenizer.encode("Box 1 is red."))
    assert opened is not None and opened[0] == "."
    (found,) = ignorant.likelihoods([("Box 1 is red.", " red")], lines=True)
    ids = [tokenizer.end_of_text, *map(int, tokenizer.encode("Box 1 is red. red")), tokenizer.end_of_text]
    mark = len(ids) - 3
    with torch.inference_mode():
        logits = network(torch.tensor([ids]))[0][0].double().log_softmax(1)
    among = logits[mark - 1, torch.from_numpy(opened[1]).long()].logsumexp(0)
    expected = among - logits[mark - 1, ids[mark]] - logits[mark, ids[mark + 1]] - logits[mark + 1, ids[mark + 2]]
    assert found.tokens == 3 and found.nats == pytest.approx(float(expected), abs=1e-4)


def test_a_prompt_beyond_the_context_of_attention_is_refused(ignorant: ModelAnswerer) -> None:
    tokenizer = ignorant.tokenizer
    config = network_config("attention", 3000, vocab_size=tokenizer.vocab_size, context=16, depth=None)
    network = Network(config)
    network.reset_parameters(0)
    with pytest.raises(UserError, match="context is 16; use fewer shots"):
        ModelAnswerer(network.eval(), tokenizer).likelihoods([("Box 1 is red. " * 10, "red")])
