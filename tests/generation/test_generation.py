"""How it speaks: exact filters, honest draws, whole characters, stops, batches that change nothing."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from upwell.errors import UserError
from upwell.generation import SamplingOptions, generate, stream
from upwell.generation.sampling import choose_tokens, filter_weights
from upwell.model.network import Network
from upwell.model.sizes import network_config
from upwell.text.tokenizer_training import train_tokenizer
from upwell.text.tokenizers import Tokenizer

BYTES = train_tokenizer("byte", [])


class Script(torch.nn.Module):
    """A network that writes a fixed text, byte by byte, whatever it reads; its state counts the bytes written."""

    def __init__(self, tokenizer: Tokenizer, text: bytes, *, prompt: int = 1, sure: float = 50.0) -> None:
        super().__init__()
        self.device = torch.device("cpu")
        self.config = SimpleNamespace(mixers=("lstm",), window=None, context=16)
        self.ids = [next(i for i in range(257) if tokenizer.token_bytes(i) == bytes([b])) for b in text]
        self.end, self.prompt, self.sure = tokenizer.end_of_text, prompt, sure

    def hidden(self, tokens: torch.Tensor, state: Any = None) -> tuple[torch.Tensor, Any]:
        before = torch.full((len(tokens),), -self.prompt + 1) if state is None else state["count"]
        places = before[:, None] + torch.arange(tokens.shape[1])
        logits = torch.zeros(*tokens.shape, 257)
        for row in range(len(tokens)):
            for t in range(tokens.shape[1]):
                place = int(places[row, t])
                wanted = self.ids[place] if 0 <= place < len(self.ids) else self.end
                logits[row, t, wanted] = self.sure
        return logits, {"count": before + tokens.shape[1]}

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        return hidden

    def initial_state(self, batch_size: int) -> Any:
        return {"count": torch.full((batch_size,), 1 - self.prompt)}

    def forward(self, tokens: torch.Tensor, state: Any = None) -> tuple[torch.Tensor, Any]:
        return self.hidden(tokens, state)


def script(text: str | bytes) -> Any:
    return Script(BYTES, text.encode("utf-8") if isinstance(text, str) else text)


MODELS = ["rnn", "lstm", "gru", "mingru", "attention", "(lstm attention)*2"]


def small(model: str, **options: Any) -> Network:
    network = Network(network_config(model, 4000, vocab_size=257, context=60, **options))
    network.reset_parameters(3)
    network.embedding_weight.data.mul_(8)
    return network.eval()


@pytest.mark.parametrize("temperature", [0.0, 0.9])
@pytest.mark.parametrize("model", MODELS)
def test_a_batch_of_unequal_prompts_gives_the_texts_of_each_alone(model: str, temperature: float) -> None:
    network, prompts = small(model), ["a", "some longer words", "", "红楼梦"]
    options = SamplingOptions(max_tokens=25, temperature=temperature, seed=5)
    together = generate(network, BYTES, prompts, options)
    for i, prompt in enumerate(prompts):
        alone = generate(network, BYTES, [prompt], replace(options, seed=5 + i))[0]
        assert together[i] == alone


@pytest.mark.parametrize("model", ["gru", "attention"])
def test_a_stream_is_the_same_text_in_pieces(model: str) -> None:
    network = small(model)
    for seed in range(5):
        options = SamplingOptions(max_tokens=30, temperature=1.2, seed=seed, stop=("e", "ab"))
        pieces = list(stream(network, BYTES, "It", options))
        assert "".join(pieces) == generate(network, BYTES, ["It"], options)[0].text
        assert all(pieces)


def test_a_stream_never_emits_half_a_character() -> None:
    text = "naïve 红楼梦 👩‍👩‍👧 é"
    pieces = list(stream(script(text), BYTES, "", SamplingOptions(temperature=0)))
    assert "".join(pieces) == text
    assert all("\ufffd" not in piece for piece in pieces)


def test_bytes_that_are_no_text_become_replacement_characters() -> None:
    assert generate(script(b"a\xffb\xe7"), BYTES, [""], SamplingOptions(temperature=0))[0].text == "a\ufffdb\ufffd"


@given(
    text=st.text("abc", min_size=1, max_size=30),
    stops=st.lists(st.text("abc", min_size=1, max_size=4), min_size=1, max_size=3),
)
@settings(max_examples=80, deadline=None)
def test_the_text_ends_before_the_first_stop_string_and_no_part_of_it_is_shown(text: str, stops: list[str]) -> None:
    # The first stop to be completed ends the text; among those completed by one character the earliest beginning counts.
    for end in range(1, len(text) + 1):
        starts = [end - len(stop) for stop in stops if text[:end].endswith(stop)]
        if starts:
            expected = text[: min(starts)]
            break
    else:
        expected = text
    options = SamplingOptions(temperature=0, stop=tuple(stops))
    pieces = list(stream(script(text), BYTES, "", options))
    assert "".join(pieces) == expected


def test_reasons_to_finish_are_told() -> None:
    said = SamplingOptions(temperature=0, max_tokens=4)
    assert generate(script("abcdef"), BYTES, [""], said)[0].finish_reason == "length"
    assert generate(script("ab"), BYTES, [""], said)[0].finish_reason == "stop"
    assert generate(script("abc"), BYTES, [""], replace(said, stop=("b",)))[0].finish_reason == "stop"
    full = generate(small("attention"), BYTES, ["x" * 50], SamplingOptions(max_tokens=200, temperature=1))[0]
    assert full.finish_reason in ("context", "stop")
    assert len(full.tokens) <= 11
    windowed = generate(small("attention", window=20), BYTES, ["x" * 90], SamplingOptions(max_tokens=5, seed=1))[0]
    assert windowed.finish_reason in ("length", "stop")


def test_a_prompt_beyond_the_context_is_a_clear_error() -> None:
    with pytest.raises(UserError, match="the prompt has 61 tokens, this model's context is 60"):
        generate(small("attention"), BYTES, ["x" * 61], SamplingOptions())


def test_a_long_prompt_in_pieces_gives_the_text_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    network, options = small("lstm"), SamplingOptions(max_tokens=20, temperature=0)
    whole = generate(network, BYTES, ["word " * 40], options)
    monkeypatch.setattr("upwell.generation.engine.PREFILL_TOKENS", 7)
    assert generate(network, BYTES, ["word " * 40], options) == whole


def test_zero_tokens_are_no_text() -> None:
    assert generate(script("abc"), BYTES, ["", "x"], SamplingOptions(max_tokens=0))[0].text == ""
    assert list(stream(script("abc"), BYTES, "", SamplingOptions(max_tokens=0))) == []


def draw_many(logits: torch.Tensor, options: SamplingOptions, number: int, seen: tuple[int, ...] = ()) -> torch.Tensor:
    found = [choose_one(logits, options, seen, draws) for draws in [random.Random(0)] for _ in range(number)]
    return torch.bincount(torch.tensor(found), minlength=len(logits)) / number


def choose_one(
    logits: torch.Tensor, options: SamplingOptions, seen: Sequence[int] = (), draws: random.Random | None = None
) -> int:
    (token,) = choose_tokens(logits[None], [options], [seen], [draws or random.Random(0)])
    return token


def test_draws_follow_the_probabilities() -> None:
    logits = torch.tensor([2.0, 1.0, 0.0, -1.0])
    for temperature in (0.5, 1.0, 2.0):
        expected = torch.softmax(logits / temperature, 0)
        found = draw_many(logits, SamplingOptions(temperature=temperature), 4000)
        assert (found - expected).abs().max() < 0.03  # four standard errors


def filter_probabilities(probabilities: torch.Tensor, options: SamplingOptions) -> torch.Tensor:
    weights = probabilities.numpy().copy()
    filter_weights(weights, options)
    return torch.from_numpy(weights / weights.sum())


@given(weights=st.lists(st.floats(0.01, 1), min_size=2, max_size=9, unique=True), data=st.data())
@settings(max_examples=100, deadline=None)
def test_filters_keep_what_their_definitions_say(weights: list[float], data: st.DataObject) -> None:
    probabilities = torch.tensor(weights, dtype=torch.float64)
    probabilities = probabilities / probabilities.sum()
    order = sorted(range(len(weights)), key=lambda i: -float(probabilities[i]))
    top_k = data.draw(st.integers(1, len(weights)))
    assert set(filter_probabilities(probabilities, SamplingOptions(top_k=top_k)).nonzero()[:, 0].tolist()) == set(
        order[:top_k]
    )
    top_p = data.draw(st.floats(0.05, 0.99))
    kept, total = [], 0.0
    for i in order:
        if total >= top_p and kept:
            break
        kept.append(i)
        total += float(probabilities[i])
    assert set(filter_probabilities(probabilities, SamplingOptions(top_p=top_p)).nonzero()[:, 0].tolist()) == set(kept)
    min_p = data.draw(st.floats(0.05, 1.0))
    least = min_p * float(probabilities.max())
    filtered = filter_probabilities(probabilities, SamplingOptions(min_p=min_p))
    assert set(filtered.nonzero()[:, 0].tolist()) == {i for i in order if float(probabilities[i]) >= least}
    torch.testing.assert_close(filtered.sum(), torch.tensor(1.0, dtype=torch.float64))


def test_the_repetition_penalty_divides_positive_and_multiplies_negative_logits() -> None:
    logits = torch.tensor([2.0, 1.5, -1.0, -1.5])
    greedy = SamplingOptions(temperature=0, repetition_penalty=2.0)
    assert choose_one(logits, greedy, [0, 0]) == 1
    assert choose_one(torch.tensor([-1.0, -1.5]), greedy, [0]) == 1
    assert choose_one(logits, greedy, []) == 0


def test_each_text_is_drawn_for_itself_whatever_is_beside_it() -> None:
    logits = torch.randn(6, 300, generator=torch.Generator().manual_seed(0))
    options = [
        SamplingOptions(temperature=0),
        SamplingOptions(temperature=2.0),
        SamplingOptions(top_k=5),
        SamplingOptions(top_p=0.5, min_p=0.1),
        SamplingOptions(repetition_penalty=1.5),
        SamplingOptions(),
    ]
    seen = [[1], [2], [], [4], [5, 5, 6], [7]]
    for seed in range(20):
        together = choose_tokens(logits, options, seen, [random.Random(seed + row) for row in range(6)])
        alone = [
            choose_one(*what, random.Random(seed + row))
            for row, what in enumerate(zip(logits, options, seen, strict=True))
        ]
        assert together == alone


@given(st.integers(1, 200), st.integers(0, 2**32))
@settings(max_examples=50, deadline=None)
def test_what_has_no_probability_is_never_drawn(size: int, seed: int) -> None:
    random_numbers = np.random.default_rng(seed)
    logits = torch.full((1, size), -torch.inf)
    there = random_numbers.choice(size, size=random_numbers.integers(1, size + 1), replace=False)
    logits[0, there] = torch.from_numpy(random_numbers.normal(scale=20, size=len(there))).float()

    class Last(random.Random):
        def random(self) -> float:
            return 1 - 2**-53

    for draws in (random.Random(seed), Last()):
        assert choose_tokens(logits, [SamplingOptions(temperature=1.0)], [[]], [draws])[0] in there


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"temperature": -1}, "--temperature -1"),
        ({"temperature": float("nan")}, "--temperature nan"),
        ({"top_p": 1.5}, "--top-p 1.5"),
        ({"max_tokens": 2.5}, "--max-tokens 2.5: expected a whole number"),
        ({"stop": ("",)}, "--stop"),
    ],
)
def test_wrong_options_are_named(values: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        SamplingOptions(**values)


def test_a_single_stop_may_be_given_as_text() -> None:
    assert SamplingOptions(stop="end").stop == ("end",)  # type: ignore[arg-type]


class Bigram(torch.nn.Module):
    """The next token is the one that most often followed the last in a text; it carries no state."""

    def __init__(self, tokenizer: Tokenizer, text: str) -> None:
        super().__init__()
        ids = torch.from_numpy(tokenizer.encode(text)).long()
        counts = torch.zeros(tokenizer.vocab_size, tokenizer.vocab_size)
        counts.index_put_((ids[:-1], ids[1:]), torch.ones(len(ids) - 1), accumulate=True)
        self.counts, self.device = counts, torch.device("cpu")
        self.config = SimpleNamespace(mixers=("lstm",), window=None, context=16)

    def initial_state(self, batch_size: int) -> Any:
        return {"rows": torch.zeros(batch_size)}

    def hidden(self, tokens: torch.Tensor, state: Any = None) -> tuple[torch.Tensor, Any]:
        return self.counts[tokens], state or self.initial_state(len(tokens))

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        return hidden

    def forward(self, tokens: torch.Tensor, state: Any = None) -> tuple[torch.Tensor, Any]:
        return self.hidden(tokens, state)


@pytest.mark.parametrize("prompt", ["心情：", "天气好\n心情：", "心情"])
def test_a_prompt_that_ends_in_a_mark_goes_on_as_the_text_did(prompt: str) -> None:
    text = "心情：好\n天气好\n" * 100
    tokenizer = train_tokenizer("bpe", [text], vocab_size=300)
    network: Any = Bigram(tokenizer, text)
    options = SamplingOptions(max_tokens=4, temperature=0, stop=("\n",))
    expected = "好" if prompt.endswith("：") else "：好"
    assert generate(network, tokenizer, [prompt], options)[0].text == expected
    assert "".join(stream(network, tokenizer, prompt, options)) == expected
