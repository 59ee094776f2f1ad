"""Beam search beside a plain loop, exhaustive search and greedy generation: equal, whatever was saved on the way."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from upwell.errors import UserError
from upwell.generation import BeamOptions, Hypothesis, SamplingOptions, beam_search, generate
from upwell.generation.candidates import likeliest
from upwell.model.network import Network
from upwell.model.sizes import network_config
from upwell.model.state import State, concat, select
from upwell.model.stepping import stepper
from upwell.text.tokenizer_training import train_tokenizer

BYTES = train_tokenizer("byte", [])
MODELS = ["lstm", "mingru", "attention", "(gru attention)*2"]


def small(model: str, seed: int = 3, vocab_size: int = 257, strength: float = 8) -> Network:
    network = Network(network_config(model, 4000, vocab_size=vocab_size, context=60))
    network.reset_parameters(seed)
    network.embedding_weight.data.mul_(strength)
    return network.eval()


class Attentive:
    """Logits drawn anew for each source and text, and attention to the source's tokens; whole numbers, so that many are equal."""

    device = torch.device("cpu")

    def __init__(self, vocab_size: int, seed: int, *, source_tokens: int = 3, whole: bool = False) -> None:
        self.vocab_size, self.seed, self.source_tokens, self.whole = vocab_size, seed, source_tokens, whole
        self.memories: list[torch.Tensor] = []

    def state(self, sources: int) -> State:
        memory = torch.arange(sources)[:, None].expand(sources, self.source_tokens).contiguous()
        return {
            "memory": memory,
            "text": torch.zeros(sources, dtype=torch.int64),
            "attention": torch.zeros(memory.shape),
        }

    def __call__(self, tokens: torch.Tensor, state: State = None) -> tuple[torch.Tensor, State]:
        self.memories.append(state["memory"])
        text = state["text"] * 31 + tokens[:, 0] + 1
        logits, attention = [], []
        for source, number in zip(state["memory"][:, 0].tolist(), text.tolist(), strict=True):
            generator = torch.Generator().manual_seed(hash((self.seed, source, number)) % 2**40)
            row = torch.randn(self.vocab_size, generator=generator) * 2
            logits.append(row.round() if self.whole else row)
            attention.append(torch.randn(self.source_tokens, generator=generator).softmax(0))
        new = {"memory": state["memory"], "text": text, "attention": state["attention"] + torch.stack(attention)}
        return torch.stack(logits)[:, None], new


def attention_of(state: State) -> torch.Tensor:
    return state["attention"]


def score(
    total: float, length: int, options: BeamOptions, state: State, coverage: Callable[[State], torch.Tensor] | None
) -> float:
    found = total / ((5 + length) / 6) ** options.length_penalty
    if coverage is not None and options.coverage_penalty:
        found += options.coverage_penalty * sum(
            float(torch.tensor(float(a)).double().log()) for a in coverage(state)[0].clamp(max=1)
        )
    return found


def plain_search(
    network: Any,
    state: State,
    begin: int,
    end: int,
    options: BeamOptions,
    *,
    forbidden: Sequence[int] = (),
    coverage: Callable[[State], torch.Tensor] | None = None,
) -> list[Hypothesis]:
    """One source, one beam after the other, every token of the vocabulary, to the last step."""
    beams, finished = [([], 0.0, state)], []
    for step in range(1, options.max_tokens + 1):
        candidates = []
        for number, (tokens, total, before) in enumerate(beams):
            last = tokens[-1] if tokens else begin
            with torch.inference_mode():
                logits, after = network(torch.tensor([[last]]), before)
            row = logits[0, -1].float()
            gains = row[None].log_softmax(1)[0]
            for token in range(len(row)):
                if token not in forbidden and (token != end or step > options.min_tokens):
                    key = (-(total + min(0.0, float(gains[token]))), number, -float(row[token]), token)
                    candidates.append((key, tokens, after))
        beams = []
        for (negative, _, _, token), tokens, after in sorted(candidates, key=lambda one: one[0])[: options.width]:
            if token == end or step == options.max_tokens:
                value = score(-negative, step, options, after, coverage)
                finished.append(Hypothesis(tokens if token == end else [*tokens, token], -negative, value))
            else:
                beams.append(([*tokens, token], -negative, after))
        if not beams:
            break
    return sorted(finished, key=lambda one: -one.score)[: options.n_best]


def exhaustive_search(
    network: Any, state: State, begin: int, end: int, size: int, options: BeamOptions, holds: Callable[[Any], bool]
) -> list[Hypothesis]:
    """Every text there is."""
    found = []
    ids = [i for i in range(size) if i != end]
    texts = [[*text, end] for n in range(options.max_tokens) for text in itertools.product(ids, repeat=n)]
    texts += [list(text) for text in itertools.product(ids, repeat=options.max_tokens)]
    for text in texts:
        before, total = state, 0.0
        for last, token in zip([begin, *text], text, strict=False):
            with torch.inference_mode():
                logits, before = network(torch.tensor([[last]]), before)
            total += float(logits[0, -1].double().log_softmax(0)[token])
        tokens = text[:-1] if text[-1] == end else text
        if len(tokens) >= options.min_tokens and holds(tokens):
            found.append(Hypothesis(tokens, total, score(total, len(text), options, before, None)))
    return sorted(found, key=lambda one: -one.score)[: options.n_best]


def assert_same(found: Sequence[Hypothesis], expected: Sequence[Hypothesis]) -> None:
    assert [one.tokens for one in found] == [one.tokens for one in expected]
    for name in ("log_probability", "score"):
        values = [[getattr(one, name) for one in some] for some in (found, expected)]
        assert values[0] == pytest.approx(values[1], abs=1e-5)


penalties = st.sampled_from([-0.5, 0.0, 0.6, 1.0, 2.0])


@given(
    seed=st.integers(0, 2**20), width=st.integers(1, 6), n_best=st.integers(1, 6), alpha=penalties,
    beta=st.sampled_from([0.0, 0.4]), max_tokens=st.integers(1, 6), min_tokens=st.integers(0, 3), whole=st.booleans(),
    forbidden=st.sets(st.integers(1, 3), max_size=2),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_every_source_of_a_batch_has_the_hypotheses_of_a_plain_loop_that_never_stops_early(
    seed: int, width: int, n_best: int, alpha: float, beta: float, max_tokens: int, min_tokens: int, whole: bool,
    forbidden: set[int],
) -> None:  # fmt: skip
    options = BeamOptions(
        width=width, n_best=min(n_best, width), length_penalty=alpha, coverage_penalty=beta, max_tokens=max_tokens,
        min_tokens=min_tokens,
    )  # fmt: skip
    network: Any = Attentive(5, seed, whole=whole)
    state, mask = network.state(3), torch.zeros(5, dtype=torch.bool)
    mask[list(forbidden)] = True
    found = beam_search(
        network, state, begin=1, end=0, options=options, forbidden=mask if forbidden else None, coverage=attention_of
    )
    for source in range(3):
        one = select(state, [source])
        expected = plain_search(network, one, 1, 0, options, forbidden=tuple(forbidden), coverage=attention_of)
        assert_same(found[source], expected)
        assert not forbidden & {token for hypothesis in found[source] for token in hypothesis.tokens}


@pytest.mark.parametrize("model", MODELS)
def test_beams_of_every_family_are_those_of_a_plain_loop(model: str) -> None:
    network = small(model, vocab_size=700)  # beyond what is looked at at once
    for width in (2, 5):
        options = BeamOptions(width=width, n_best=2, max_tokens=9)
        found = beam_search(network, network.initial_state(1), begin=1, end=0, options=options)
        assert_same(found[0], plain_search(network, network.initial_state(1), 1, 0, options))


@given(seed=st.integers(0, 2**20), alpha=penalties, n_best=st.integers(1, 9))
@settings(max_examples=15, deadline=None)
def test_a_beam_as_wide_as_all_texts_finds_the_best_of_all(seed: int, alpha: float, n_best: int) -> None:
    network = small("gru", seed, vocab_size=3)
    options = BeamOptions(width=3**4, n_best=n_best, length_penalty=alpha, max_tokens=4)
    state = network.initial_state(1)
    expected = exhaustive_search(network, state, 1, 0, 3, options, lambda text: True)
    assert_same(beam_search(network, state, begin=1, end=0, options=options)[0], expected)


@pytest.mark.parametrize("precision", [None, "fp32"])
@pytest.mark.parametrize("model", MODELS)
def test_a_batch_of_unequal_prompts_gives_the_hypotheses_of_each_alone(model: str, precision: str | None) -> None:
    network: Any = small(model)
    network = network if precision is None else stepper(network, precision)
    prompts = [[1], [5, 9, 200, 7], [3, 3, 4], [256, 80, 81, 82, 83, 84, 85]]
    options = BeamOptions(width=3, n_best=3, max_tokens=20)
    states, limits = [], torch.tensor([20, 6, 20, 13])
    for prompt in prompts:
        before = network.initial_state(1)
        states.append(network.hidden(torch.tensor([prompt[:-1]]), before)[1] if prompt[1:] else before)
    together = beam_search(
        network, concat(states), begin=torch.tensor([prompt[-1] for prompt in prompts]), end=2, options=options,
        max_tokens=limits,
    )  # fmt: skip
    for found, prompt, state, limit in zip(together, prompts, states, limits.tolist(), strict=True):
        alone = beam_search(
            network, state, begin=prompt[-1], end=2, options=replace(options, max_tokens=limit)
        )  # fmt: skip
        assert_same(found, alone[0])
        assert max(len(one.tokens) for one in found) <= limit


@pytest.mark.parametrize("model", MODELS)
def test_one_beam_is_greedy_generation_whatever_the_penalty(model: str) -> None:
    network, prompts = small(model), ["a", "some words", "b", "红楼梦"]
    texts = generate(network, BYTES, prompts, SamplingOptions(temperature=0, max_tokens=25))
    for prompt, text in zip(prompts, texts, strict=True):
        ids = BYTES.encode(prompt).tolist()
        state = network.initial_state(1)
        if ids[1:]:
            state = network.hidden(torch.tensor([ids[:-1]]), state)[1]
        for alpha in (0.0, 2.0):
            options = BeamOptions(width=1, max_tokens=25, length_penalty=alpha)
            found = beam_search(network, state, begin=ids[-1], end=BYTES.end_of_text, options=options)
            assert found[0][0].tokens == text.tokens


def test_hypotheses_are_sorted_and_all_different() -> None:
    network = small("lstm", vocab_size=9, strength=2)
    options = BeamOptions(width=8, n_best=8, max_tokens=12)
    for found in beam_search(network, network.initial_state(5), begin=torch.arange(1, 6), end=0, options=options):
        assert len(found) == 8 == len({tuple(one.tokens) for one in found})
        assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_what_steps_hand_on_unchanged_is_not_copied_while_no_source_is_done() -> None:
    network: Any = Attentive(6, 1)
    options = BeamOptions(width=3, max_tokens=5, min_tokens=5)
    beam_search(network, network.state(4), begin=1, end=0, options=options)
    assert all(memory is network.memories[1] for memory in network.memories[2:])
    assert network.memories[1][:, 0].tolist() == [0] * 3 + [1] * 3 + [2] * 3 + [3] * 3


def test_sources_leave_the_batch_when_they_are_done() -> None:
    network: Any = Attentive(6, 2)
    limits = torch.tensor([2, 9, 4])
    options = BeamOptions(width=2, min_tokens=9, length_penalty=0)
    beam_search(network, network.state(3), begin=1, end=0, options=options, max_tokens=limits)
    assert [len(memory) for memory in network.memories] == [3, 6, 4, 4, 2, 2, 2, 2, 2]


@given(
    size=st.sampled_from([7, 300, 5000, 5063]), k=st.integers(1, 7), levels=st.sampled_from([2, 20, 10**6]),
    seed=st.integers(0, 2**20),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_the_likeliest_are_those_of_a_stable_sort(size: int, k: int, levels: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randint(-levels, levels, (3, size), generator=generator) / 7 * torch.tensor([[1.0], [-1.0], [0.0]])
    logits[1, : size // 2] = -torch.inf
    values, tokens = likeliest(logits, k)
    expected = logits.sort(dim=1, descending=True, stable=True)
    assert torch.equal(values, expected.values[:, :k])
    assert torch.equal(tokens, expected.indices[:, :k])


def test_equal_hypotheses_come_in_the_order_of_their_ids() -> None:
    network: Any = Attentive(4, 0)

    class Flat:
        device = network.device

        def __call__(self, tokens: torch.Tensor, state: State) -> tuple[torch.Tensor, State]:
            return torch.zeros(len(tokens), 1, 4), network(tokens, state)[1]

    flat: Any = Flat()
    options = BeamOptions(width=4, n_best=4, max_tokens=2, length_penalty=0)
    found = beam_search(flat, network.state(1), begin=1, end=0, options=options)
    assert [one.tokens for one in found[0]] == [[], [1], [1, 1], [1, 2]]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"width": 0}, "--width 0: expected a whole number from 1"),
        ({"width": 2, "n_best": 3}, "--n-best 3: expected a whole number from 1 to 2"),
        ({"coverage_penalty": -1}, "--coverage-penalty -1"),
        ({"length_penalty": float("nan")}, "--length-penalty nan"),
        ({"max_tokens": True}, "--max-tokens True"),
    ],
)
def test_wrong_options_are_named(values: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        BeamOptions(**values)


def test_a_source_without_any_text_is_an_error() -> None:
    network: Any = Attentive(4, 0)
    options = BeamOptions(width=2, max_tokens=3, min_tokens=1)
    with pytest.raises(UserError, match="source 0: the model gives no probability to any text"):
        mask = torch.tensor([False, True, True, True])
        beam_search(network, network.state(2), begin=1, end=0, options=options, forbidden=mask)
