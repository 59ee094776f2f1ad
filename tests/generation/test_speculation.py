"""With a draft the text is the one that the model might have written alone, whatever the draft guesses."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.generation.test_generation import BYTES, MODELS, Bigram, small
from upwell.api import LanguageModel
from upwell.errors import UserError
from upwell.generation import Draft, SamplingOptions, generate, generate_with_draft, stream_with_draft
from upwell.generation.sampling import token_probabilities
from upwell.generation.speculation import accept
from upwell.model.network import Network
from upwell.model.sizes import network_config
from upwell.model.state import leaves, shorten
from upwell.model.stepping import stepper
from upwell.text.tokenizer_training import train_tokenizer


def other(model: str, **options: Any) -> Network:
    """A network that is near the small one, but often of another opinion."""
    network = small(model, **options)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.02 * torch.randn(parameter.shape, generator=generator)
    return network


@pytest.mark.parametrize("draft_model", ["same", "gru", "attention"])
@pytest.mark.parametrize("model", MODELS)
def test_greedy_texts_are_those_without_a_draft(model: str, draft_model: str) -> None:
    network = small(model)
    draft = Draft(other(model) if draft_model == "same" else small(draft_model))
    options = SamplingOptions(temperature=0, max_tokens=40, repetition_penalty=1.1, stop=("qz",))
    prompts = ["a", "some longer words", "", "红楼梦"]
    assert generate_with_draft(network, draft, BYTES, prompts, options) == generate(network, BYTES, prompts, options)
    assert draft.calls > 0 and 0 <= draft.accepted <= draft.checked


@pytest.mark.parametrize("model", ["lstm", "attention", "(lstm attention)*2"])
def test_the_fast_step_takes_a_draft_too(model: str) -> None:
    options = SamplingOptions(temperature=0, max_tokens=40)
    network, draft = (stepper(one, "fp32") for one in (small(model), other(model)))
    expected = generate(network, BYTES, ["word"], options)
    assert generate_with_draft(network, Draft(draft), BYTES, ["word"], options) == expected


def test_a_draft_that_knows_the_model_is_always_right() -> None:
    network = small("lstm")
    for temperature in (0.0, 1.0):
        draft = Draft(network, num_tokens=3)
        options = SamplingOptions(temperature=temperature, max_tokens=41, top_k=20, min_p=0.01)
        result = generate_with_draft(network, draft, BYTES, ["It"], options)[0]
        assert draft.accepted == draft.checked
        if result.finish_reason == "length":  # the first token, then four a call
            assert draft.calls == 10


@pytest.mark.parametrize("model", ["attention", "lstm"])
def test_texts_end_where_they_must(model: str) -> None:
    network, draft = small(model), Draft(other("attention"))
    for limit in range(7):
        options = SamplingOptions(temperature=0, max_tokens=limit)
        assert generate_with_draft(network, draft, BYTES, ["x"], options) == generate(network, BYTES, ["x"], options)
    full = SamplingOptions(temperature=0, max_tokens=200)
    for prompt in ("x" * 50, "x" * 59, "x" * 60):  # of a context of 60
        assert generate_with_draft(network, draft, BYTES, [prompt], full) == generate(network, BYTES, [prompt], full)


def test_a_draft_that_cannot_read_the_prompt_guesses_nothing() -> None:
    network, draft = small("lstm"), Draft(small("attention"))
    options = SamplingOptions(temperature=0, max_tokens=9)
    prompt = "x" * 70
    assert generate_with_draft(network, draft, BYTES, [prompt], options) == generate(network, BYTES, [prompt], options)
    assert draft.checked == 0


def test_a_stream_is_the_same_text_in_pieces() -> None:
    network, draft = small("gru"), Draft(other("gru"))
    for seed in range(4):
        options = SamplingOptions(max_tokens=30, temperature=1.2, seed=seed, stop=("e", "ab"))
        pieces = list(stream_with_draft(network, draft, BYTES, "It", options))
        assert "".join(pieces) == generate_with_draft(network, draft, BYTES, ["It"], options)[0].text
        assert all(pieces)


def test_a_prompt_that_ends_in_a_mark_goes_on_as_the_text_did() -> None:
    text = "心情：好\n天气好\n" * 100
    tokenizer = train_tokenizer("bpe", [text], vocab_size=300)
    network: Any = Bigram(tokenizer, text)
    options = SamplingOptions(max_tokens=4, temperature=0, stop=("\n",))
    assert generate_with_draft(network, Draft(network), tokenizer, ["心情："], options)[0].text == "好"


@pytest.mark.parametrize("bound", [{"regex": "a+"}, {"keywords": ("cat",)}])
def test_a_text_that_is_bound_takes_no_draft(bound: dict[str, Any]) -> None:
    network = small("gru")
    with pytest.raises(UserError, match="leave out --draft"):
        generate_with_draft(network, Draft(network), BYTES, [""], SamplingOptions(**bound))


@given(weights=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=6))
@settings(max_examples=100, deadline=None)
def test_what_is_accepted_or_drawn_instead_has_exactly_the_wanted_probabilities(
    weights: list[tuple[float, float]],
) -> None:
    wanted, chances = np.array(weights).T + 1e-3
    wanted, chances = wanted / wanted.sum(), chances / chances.sum()
    stays = chances * np.minimum(1, wanted / chances)  # drawn, and not replaced
    above = np.maximum(wanted - chances, 0)
    replaced = (1 - stays.sum()) * above / max(above.sum(), 1e-12)
    np.testing.assert_allclose(stays + replaced, wanted, atol=1e-9)


def test_tokens_are_accepted_by_the_rule() -> None:
    wanted, chances = (np.array(row, np.float32) for row in ([0.5, 0.3, 0.2, 0.0], [0.1, 0.2, 0.3, 0.4]))
    draws, rounds = random.Random(0), 4000
    found = np.zeros((4, 4))
    for token in range(4):
        for _ in range(rounds):
            found[token, accept(token, wanted, chances, draws)] += 1 / rounds
    ratio = np.minimum(1, wanted / chances)
    above = np.maximum(wanted - chances, 0)
    expected = ratio[:, None] * np.eye(4) + (1 - ratio)[:, None] * above / above.sum()
    assert np.abs(found - expected).max() < 4 * 0.5 / rounds**0.5  # four standard errors
    np.testing.assert_allclose(chances @ expected, wanted, atol=1e-6)


def test_sampled_texts_have_the_probabilities_of_the_model() -> None:
    tokenizer = train_tokenizer("char", ["abc" * 50])
    size = tokenizer.vocab_size

    def tiny(seed: int) -> Network:
        network = Network(network_config("gru", 2000, vocab_size=size, context=60))
        network.reset_parameters(seed)
        network.embedding_weight.data.mul_(6)
        return network.eval()

    network, draft = tiny(1), Draft(tiny(2), num_tokens=2)
    options = SamplingOptions(temperature=0.9, top_k=4, top_p=0.95, min_p=0.02, max_tokens=3)
    prompt = [int(i) for i in tokenizer.encode("ab")]
    expected: dict[tuple[int, ...], float] = {}

    def follow(drawn: tuple[int, ...], probability: float) -> None:
        if len(drawn) == 3 or (drawn and drawn[-1] == tokenizer.end_of_text):
            expected[drawn] = expected.get(drawn, 0) + probability
            return
        with torch.inference_mode():
            logits = network(torch.tensor([[*prompt, *drawn]]))[0][0, -1]
        for token, chance in enumerate(token_probabilities(logits, options, [*prompt, *drawn]).tolist()):
            if chance > 0:
                follow((*drawn, token), probability * chance)

    follow((), 1.0)
    rounds = 1500
    counts = dict.fromkeys(expected, 0)
    for seed in range(rounds):
        result = generate_with_draft(network, draft, tokenizer, ["ab"], replace(options, seed=seed))[0]
        end = () if len(result.tokens) == 3 else (tokenizer.end_of_text,)
        counts[(*result.tokens, *end)] += 1
    assert draft.accepted < draft.checked
    common = [text for text, probability in expected.items() if rounds * probability >= 5]
    rest = rounds - sum(counts[text] for text in common), rounds * (1 - sum(expected[text] for text in common))
    pairs = [(counts[text], rounds * expected[text]) for text in common] + ([rest] if rest[1] >= 5 else [])
    chi_square = sum((seen - wanted) ** 2 / wanted for seen, wanted in pairs)
    freedom = len(pairs) - 1
    assert freedom > 5
    assert chi_square < freedom + 4 * (2 * freedom) ** 0.5  # four standard deviations


def test_caches_are_cut_and_hidden_vectors_are_not() -> None:
    tokens = torch.tensor([[1, 2, 3, 4, 5, 6]])
    with torch.inference_mode():
        for model in ("attention", "(lstm attention)*2", "lstm"):
            network = small(model)
            before = network(tokens[:, :2])[1]
            cut = shorten(network(tokens[:, 2:], before)[1], before, 4, 1)
            if model != "attention":
                assert cut is None
                continue
            for (_, found), (_, expected) in zip(leaves(cut), leaves(network(tokens[:, :3])[1]), strict=True):
                torch.testing.assert_close(found, expected)
        network = small("attention", window=4)
        before = network(tokens[:, :2])[1]
        assert shorten(network(tokens[:, 2:], before)[1], before, 4, 1) is None


def test_a_draft_with_another_tokenizer_is_refused() -> None:
    model = LanguageModel(small("gru"), BYTES)
    letters = train_tokenizer("char", ["abc"])
    config = network_config("gru", 2000, vocab_size=letters.vocab_size, context=60)
    network = Network(config)
    network.reset_parameters(0)
    with pytest.raises(UserError, match="its tokenizer is not that of this model; train a draft on the same text"):
        model.generate("a", draft=LanguageModel(network, letters, name="small"))
    same = LanguageModel(other("gru"), train_tokenizer("byte", []))
    expected = model.generate(["a", "b"], max_tokens=12, temperature=0)
    assert model.generate(["a", "b"], max_tokens=12, temperature=0, draft=same) == expected
    counted = model.draft_by(same)
    assert "".join(model.stream("b", max_tokens=12, temperature=0, draft=counted)) == expected[1]
    assert counted.calls > 0
