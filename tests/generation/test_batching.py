"""Many texts at once: each as if it were alone, whoever comes, goes or is in the way."""

from __future__ import annotations

import queue
import random
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch

from upwell.errors import UserError
from upwell.generation import SamplingOptions, generate
from upwell.generation.batch import Batch
from upwell.generation.batching import Busy, Closed, Engine, Piece, Request
from upwell.generation.prefix_cache import PrefixCache
from upwell.generation.rows import DrawnToken, Row
from upwell.model.network import Network
from upwell.model.sizes import network_config
from upwell.model.state import concat, leaves, num_bytes, trim
from upwell.text.tokenizer_training import train_tokenizer

BYTES = train_tokenizer("byte", [])
MODELS = ["rnn", "lstm", "gru", "mingru", "attention", "(lstm attention)*2"]
GREEDY = SamplingOptions(max_tokens=20, temperature=0)


def small(model: str, **options: Any) -> Network:
    network = Network(network_config(model, 4000, vocab_size=257, context=90, **options))
    network.reset_parameters(3)
    network.embedding_weight.data.mul_(8)
    return network.eval()


class Reader:
    """Hears of one text."""

    def __init__(self) -> None:
        self.pieces: queue.Queue[Piece] = queue.Queue()

    def __iter__(self) -> Iterator[Piece]:
        while True:
            piece = self.pieces.get(timeout=30)
            yield piece
            if piece.finish_reason:
                return

    def text(self) -> str:
        return "".join(piece.text for piece in self)


@pytest.fixture
def engines() -> Iterator[list[Engine]]:
    """Engines that are closed when the test ends."""
    made: list[Engine] = []
    yield made
    for engine in made:
        engine.close()


def start(engines: list[Engine], network: Network, **options: Any) -> Engine:
    engines.append(Engine(network, BYTES, **options))
    return engines[-1]


def ask(
    engine: Engine, prompt: str, options: SamplingOptions = GREEDY, *, alternatives: int | None = None
) -> tuple[Request, Reader]:
    reader = Reader()
    request = engine.request(prompt, options, reader.pieces.put, alternatives=alternatives)
    engine.submit([request])
    return request, reader


def batch_of(network: Network, **options: Any) -> Batch:
    return Batch(network, PrefixCache(options.pop("cache_bytes", 0)), **options)


PROMPTS = ["a", "some longer words", "", "红楼梦", "x" * 40, "It was a dark and stormy night", "b", "ab"]


KINDS: list[tuple[str, dict[str, Any]]] = [
    *((model, {}) for model in MODELS),
    ("attention", {"window": 20}),
    ("lstm attention", {"window": 30, "boundary": 0, "late_keys": 1}),
]


@pytest.mark.parametrize("temperature", [0.0, 0.9])
@pytest.mark.parametrize(("model", "shape"), KINDS)
def test_texts_that_come_and_go_at_any_time_are_those_of_each_alone(
    model: str, shape: dict[str, Any], temperature: float
) -> None:
    network, draw = small(model, **shape), random.Random(4)
    batch = batch_of(network, prefill_tokens=7)
    rows: dict[int, Row] = {}
    cancelled: set[int] = set()
    waiting = list(range(len(PROMPTS) * 2))
    while waiting or len(batch):
        if waiting and draw.random() < 0.4:
            i = waiting.pop(0)
            options = replace(GREEDY, temperature=temperature, max_tokens=5 + 3 * (i % 6))
            rows[i] = Row(network, BYTES, PROMPTS[i % len(PROMPTS)], options, seed=i)
            batch.join(rows[i])
        if draw.random() < 0.05 and len(batch):
            gone = draw.choice([i for i, row in rows.items() if not row.finish_reason])
            batch.leave([rows[gone]])
            rows[gone].finish_reason = "cancelled"
            cancelled.add(gone)
        batch.turn()
    assert cancelled
    for i, row in rows.items():
        alone = generate(network, BYTES, [PROMPTS[i % len(PROMPTS)]], row.options, seeds=[i])[0]
        if i in cancelled:
            assert alone.tokens[: len(row.drawn)] == row.drawn
        else:
            assert (row.text, row.drawn, row.finish_reason) == (alone.text, alone.tokens, alone.finish_reason)


@pytest.mark.parametrize("model", ["lstm", "attention", "(lstm attention)*2"])
def test_a_conversation_that_grows_is_read_once_and_its_text_is_the_same(model: str) -> None:
    network = small(model)
    network.embedding_weight.data[129:] = (
        0  # it writes letters of one byte alone, so that its text gives its tokens again
    )
    batch = batch_of(network, cache_bytes=10**6)
    history = "Hello there.\n"
    for turn in range(4):
        row = Row(network, BYTES, history, replace(GREEDY, max_tokens=8), seed=0)
        batch.join(row)
        while len(batch):
            batch.turn()
        assert row.text == generate(network, BYTES, [history], row.options)[0].text
        assert turn == 0 or row.prompt_tokens - row.reused_tokens == len("\nYes.\n") + 1
        history += row.text + "\nYes.\n"
    assert batch.counts.reused > batch.counts.read


def test_a_long_prompt_does_not_keep_others_waiting() -> None:
    network = small("lstm")
    batch = batch_of(network, prefill_tokens=8)
    short, long = (Row(network, BYTES, prompt, GREEDY, seed=0) for prompt in ("a", "word " * 100))
    batch.join(short)
    batch.join(long)
    for turn in range(1, 11):
        read = batch.counts.read
        assert short in batch.turn()
        assert len(short.drawn) == turn
        assert batch.counts.read - read <= 8
    another = Row(network, BYTES, "abc", GREEDY, seed=0)
    batch.join(another)
    batch.turn()
    assert another.drawn and not long.drawn  # the short prompt is read beside the long one, not behind it


def test_room_on_the_left_that_no_row_uses_is_given_up() -> None:
    network = small("attention", window=None)
    batch = batch_of(network)
    for turn in range(60):
        if len(batch) < 2:
            batch.join(Row(network, BYTES, "ab", replace(GREEDY, max_tokens=7 + turn % 5), seed=0))
        batch.turn()
        slots = max((leaf.shape[1] for name, leaf in leaves(batch._state) if name.endswith("key")), default=0)
        assert slots <= max((len(row.seen) for row in batch.writing), default=0)
    _, one = network(torch.tensor([[1, 2]]))
    _, three = network(torch.tensor([[1, 2, 3, 4, 5]]))
    padded = concat([one, three])
    assert num_bytes(trim(padded)) == num_bytes(padded)
    assert trim(None) is None


def test_the_cache_keeps_the_newest_within_its_bytes() -> None:
    state = ({"hidden": torch.zeros(1, 100)},)
    cache = PrefixCache(max_bytes=3 * 408)
    for token in range(3):
        cache.add([token, 7], state)
    assert cache.longest([0, 7, 9])[0] == 2  # used: now the newest
    cache.add([3, 7], state)
    assert [cache.longest([token, 7, 9])[0] for token in range(4)] == [2, 0, 2, 2]
    assert cache.longest([0]) == (0, None)
    cache.add([0], ({"hidden": torch.zeros(1, 1000)},))
    assert (len(cache), cache.bytes) == (3, 3 * 408)
    cache.add([0, 7, 5], ({"hidden": torch.zeros(1, 10)},))
    assert cache.longest([0, 7, 5, 1])[0] == 3


@pytest.mark.parametrize("model", ["gru", "attention"])
def test_an_engine_writes_what_generate_writes(engines: list[Engine], model: str) -> None:
    network = small(model)
    engine = start(engines, network, max_rows=3)
    options = SamplingOptions(max_tokens=15, temperature=1.1, seed=3, stop=("e", "ab"))
    readers = [ask(engine, prompt, options)[1] for prompt in PROMPTS]
    for prompt, reader in zip(PROMPTS, readers, strict=True):
        expected = generate(network, BYTES, [prompt], options)[0]
        pieces = list(reader)
        assert "".join(piece.text for piece in pieces) == expected.text
        assert pieces[-1].finish_reason == expected.finish_reason


def test_more_than_there_is_room_for_is_refused_all_or_nothing(engines: list[Engine]) -> None:
    engine = start(engines, small("lstm"), max_rows=2, max_waiting=1)
    blocked = threading.Event()
    engine.call(lambda: blocked.wait(30))
    first = [engine.request("a", GREEDY, Reader().pieces.put) for _ in range(2)]
    engine.submit(first)
    with pytest.raises(Busy):
        engine.submit([engine.request("a", GREEDY, Reader().pieces.put) for _ in range(2)])
    _, last = ask(engine, "a")
    with pytest.raises(Busy):
        ask(engine, "a")
    load = engine.load()
    assert load.rows + load.waiting == 3
    blocked.set()
    assert last.text() == generate(engine.network, BYTES, ["a"], GREEDY)[0].text


def test_a_cancelled_text_frees_its_row_whether_it_waits_or_writes(engines: list[Engine]) -> None:
    engine = start(engines, small("lstm"), max_rows=1)
    endless = replace(GREEDY, max_tokens=10**6)
    writing, reader = ask(engine, "a", endless)
    waiting, second = ask(engine, "b", endless)
    _, third = ask(engine, "c")
    pieces = iter(reader)
    next(pieces)
    engine.cancel(waiting)
    assert [piece.finish_reason for piece in second] == ["cancelled"]
    engine.cancel(writing)
    assert list(pieces)[-1].finish_reason == "cancelled"
    assert third.text() == generate(engine.network, BYTES, ["c"], GREEDY)[0].text
    engine.cancel(writing)  # long gone


def test_closing_finishes_what_was_taken_and_takes_nothing_new() -> None:
    engine = Engine(small("lstm"), BYTES, max_rows=1)
    readers = [ask(engine, prompt)[1] for prompt in ("a", "b")]
    engine.close()
    assert [list(reader)[-1].finish_reason for reader in readers] == ["length", "length"]
    with pytest.raises(Closed):
        ask(engine, "a")
    with pytest.raises(Closed):
        engine.call(int)


def test_what_fails_ends_its_texts_and_no_others(
    engines: list[Engine], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    network = small("lstm")
    engine = start(engines, network)

    def break_down(*arguments: object) -> None:
        raise RuntimeError("out of memory")

    with monkeypatch.context() as patch:
        patch.setattr(network, "forward", break_down)
        assert list(ask(engine, "a")[1])[-1].finish_reason == "failed"
    assert "out of memory" in caplog.text
    assert list(ask(engine, "a")[1])[-1].finish_reason == "length"
    with pytest.raises(RuntimeError, match="out of memory"):
        engine.call(break_down).result(30)


def test_no_tokens_are_no_text_and_too_long_a_prompt_is_refused_where_it_is_given(engines: list[Engine]) -> None:
    engine = start(engines, small("attention"))
    assert list(ask(engine, "abc", replace(GREEDY, max_tokens=0))[1]) == [Piece("", finish_reason="length")]
    with pytest.raises(UserError, match="this model's context is 90"):
        ask(engine, "x" * 91)


def test_probabilities_are_those_of_the_model_whatever_the_sampling(engines: list[Engine]) -> None:
    network = small("gru")
    engine = start(engines, network)
    options = SamplingOptions(max_tokens=12, temperature=1.5, top_k=40, seed=1)
    request, reader = ask(engine, "It", options, alternatives=3)
    pieces = list(reader)
    tokens = [token for piece in pieces for token in piece.tokens]
    assert "".join(piece.text for piece in pieces) == b"".join(token.spelling for token in tokens).decode(
        "utf-8", "replace"
    )
    ids = torch.tensor([[*BYTES.encode("It"), *request.row.drawn]])
    with torch.inference_mode():
        expected = network(ids)[0].log_softmax(-1)[0, 1:]
    for place, token in enumerate(tokens):
        best = expected[place].topk(3)
        assert token.log_probability == pytest.approx(float(expected[place, request.row.drawn[place]]), abs=1e-4)
        assert [value for _, value in token.alternatives] == pytest.approx(best.values.tolist(), abs=1e-4)
        assert [spelling for spelling, _ in token.alternatives] == [BYTES.token_bytes(i) for i in best.indices.tolist()]


def test_tokens_of_a_stop_string_are_not_told(engines: list[Engine]) -> None:
    engine = start(engines, small("lstm"))
    written = ask(engine, "a", replace(GREEDY, max_tokens=12))[1].text()
    stop = written[5:7]
    expected = written[: written.find(stop)]
    pieces = list(ask(engine, "a", replace(GREEDY, max_tokens=12, stop=(stop,)), alternatives=0)[1])
    tokens = [token for piece in pieces for token in piece.tokens]
    assert "".join(piece.text for piece in pieces) == expected
    assert all(isinstance(token, DrawnToken) and token.start < len(expected) for token in tokens)
    assert all(not token.alternatives for token in tokens)
