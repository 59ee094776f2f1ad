"""The fast way to read and write: equal to the network, whatever the split, the batch or the threads."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from upwell.errors import UserError
from upwell.generation import SamplingOptions, generate
from upwell.generation.batch import Batch
from upwell.generation.prefix_cache import PrefixCache
from upwell.generation.rows import Row
from upwell.model.config import NetworkConfig
from upwell.model.files import load_network, save_quantised
from upwell.model.network import Network
from upwell.model.state import concat, leaves, select, snapshot, trim
from upwell.model.stepping import Stepper, stepper
from upwell.model.stepping.packing import GROUP, dequantise, quantise, rounded
from upwell.text.tokenizer_training import train_tokenizer

needs_numba = pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="numba is not installed")
ATTENTION = {"heads": 2, "kv_heads": 1, "context": 64}
CASES: dict[str, dict[str, Any]] = {
    "rnn": {"blocks": ("rnn", "rnn"), "width": 20},
    "relu": {"blocks": ("rnn", "rnn"), "width": 32, "nonlinearity": "relu"},
    "lstm": {"blocks": ("lstm", "lstm"), "width": 36},
    "gru": {"blocks": ("gru", "gru"), "width": 32, "tied": False},
    "mingru": {"blocks": ("mingru+mlp",) * 2, "width": 32, "mlp_width": 88},
    "llama": {"blocks": ("attention+mlp",) * 2, "width": 64, "mlp_width": 88, **ATTENTION},
    "window": {"blocks": ("attention",) * 2, "width": 32, "window": 7, "qk_norm": True, **ATTENTION},
    "late": {"blocks": ("attention",) * 2, "width": 32, "late_keys": 1, "boundary": 3, "qk_norm": True, **ATTENTION},
    "hybrid": {"blocks": ("lstm", "attention", "gru", "mingru"), "width": 32, "embedding_width": 12, **ATTENTION},
}
ERRORS = {"fp32": 1e-5, "bf16": 0.05, "int8": 0.3, "int4": 3.0}
"""Largest difference of a logit, in standard deviations of the logits of a random network."""


@pytest.fixture(autouse=True)
def _inference() -> Iterator[None]:
    with torch.inference_mode():
        yield


def network(case: str) -> Network:
    made = Network(NetworkConfig(vocab_size=53, **CASES[case]))
    made.reset_parameters(1)
    return made.eval()


def tokens(rows: int, length: int) -> torch.Tensor:
    return torch.randint(0, 53, (rows, length), generator=torch.Generator().manual_seed(0))


def read_in_pieces(model: Stepper, given: torch.Tensor, ends: list[int]) -> tuple[torch.Tensor, Any]:
    state, pieces = None, []
    for begin, end in zip([0, *ends], [*ends, given.shape[1]], strict=True):
        logits, state = model(given[:, begin:end], state)
        pieces.append(logits)
    return torch.cat(pieces, 1), state


@needs_numba
@pytest.mark.parametrize("precision", ERRORS)
@pytest.mark.parametrize("case", CASES)
def test_stepper_gives_the_networks_logits(case: str, precision: str) -> None:
    made, given = network(case), tokens(3, 23)
    wanted, wanted_state = made(given)
    found, state = stepper(made, precision)(given)
    assert (found - wanted).abs().max() < ERRORS[precision] * wanted.std()
    if precision == "fp32":
        for (path, leaf), (wanted_path, wanted_leaf) in zip(leaves(state), leaves(wanted_state), strict=True):
            assert path == wanted_path
            torch.testing.assert_close(leaf, wanted_leaf, atol=1e-5, rtol=1e-5)


@needs_numba
@pytest.mark.parametrize("precision", ERRORS)
@pytest.mark.parametrize("case", CASES)
def test_splits_batches_and_threads_change_no_bit(case: str, precision: str) -> None:
    fast, given = stepper(network(case), precision), tokens(5, 23)
    whole, _ = fast(given)
    pieces, _ = read_in_pieces(fast, given, [5, 6, 7, 18])
    assert torch.equal(pieces, whole)
    assert torch.equal(fast(given[1:2])[0], whole[1:2])
    hidden, _ = fast.hidden(given)
    assert torch.equal(fast.logits(hidden), whole)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        assert torch.equal(fast(given)[0], whole)
    finally:
        torch.set_num_threads(threads)


@needs_numba
@pytest.mark.parametrize("case", ["lstm", "llama", "window", "late", "hybrid"])
def test_rows_of_unequal_length_meet_and_part(case: str) -> None:
    fast, given = stepper(network(case), "fp32"), tokens(2, 20)
    _, long = fast(given[:1, :15])
    _, short = fast(given[1:, :6])
    both = trim(select(concat([long, short]), [1, 0]))
    logits, both = fast(torch.stack([given[1, 6], given[0, 15]])[:, None], both)
    torch.testing.assert_close(logits[0, 0], fast(given[1:, :7])[0][0, -1])
    torch.testing.assert_close(logits[1, 0], fast(given[:1, :16])[0][0, -1])
    logits, _ = fast(given[1:, 7:8], trim(select(both, [0])))
    torch.testing.assert_close(logits[0, 0], fast(given[1:, :8])[0][0, -1])


@needs_numba
@pytest.mark.parametrize("case", ["gru", "llama"])
def test_two_ways_on_from_one_state_do_not_meet(case: str) -> None:
    fast, given = stepper(network(case), "int8"), tokens(1, 12)
    _, state = fast(given[:, :5])
    kept = snapshot(state)
    first, one = fast(given[:, 5:8], state)
    other, _ = fast(given[:, 8:11], state)
    assert torch.equal(other, fast(given[:, 8:11], kept)[0])
    assert torch.equal(fast(given[:, 11:], one)[0], fast(given[:, [*range(8), 11]])[0][:, -1:])
    assert torch.equal(first, fast(given[:, :8])[0][:, 5:])


@needs_numba
def test_past_the_context_is_a_clear_error() -> None:
    fast = stepper(network("llama"), "fp32")
    _, state = fast(tokens(1, 64))
    with pytest.raises(UserError, match="65 tokens are past this model's context of 64"):
        fast(tokens(1, 1), state)


@pytest.mark.parametrize("case", ["lstm", "llama", "hybrid"])
def test_greedy_text_is_the_networks(case: str) -> None:
    tokenizer = train_tokenizer("byte", [])
    made = Network(NetworkConfig(vocab_size=tokenizer.vocab_size, **CASES[case]))
    made.reset_parameters(2)
    options = SamplingOptions(max_tokens=30, temperature=0)
    prompts = ["a", "the long one"]
    wanted = generate(made.eval(), tokenizer, prompts, options)
    assert generate(stepper(made, "fp32"), tokenizer, prompts, options) == wanted


@needs_numba
@pytest.mark.parametrize("case", ["gru", "llama"])
def test_continuous_batch_writes_what_each_text_is_alone(case: str) -> None:
    tokenizer = train_tokenizer("byte", [])
    made = Network(NetworkConfig(vocab_size=tokenizer.vocab_size, **CASES[case]))
    made.reset_parameters(2)
    fast = stepper(made.eval(), "int8")
    options = SamplingOptions(max_tokens=12)
    prompts = ["a", "the long one", "bb", "the long"]
    wanted = [generate(fast, tokenizer, [prompt], options, seeds=[i])[0].tokens for i, prompt in enumerate(prompts)]
    batch = Batch(fast, PrefixCache(2**20))
    rows = [Row(fast, tokenizer, prompt, options, seed=i) for i, prompt in enumerate(prompts)]
    for row in rows:
        batch.join(row)
        batch.turn()
    while len(batch):
        batch.turn()
    assert [row.drawn for row in rows] == wanted


@pytest.mark.parametrize("precision", ["bf16", "int8", "int4"])
def test_without_a_compiler_the_rounded_network_writes(precision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("upwell.model.stepping.steppers.has_compiler", lambda: False)
    made, given = network("hybrid"), tokens(2, 9)
    wanted, slow = made(given)[0], stepper(made, precision)
    assert isinstance(slow, Network)
    difference = (slow(given)[0].float() - wanted).abs().max()
    assert 0 < difference < ERRORS[precision] * wanted.std()
    assert stepper(made, "fp32") is made


@needs_numba
def test_a_token_that_is_none_is_refused() -> None:
    fast = stepper(network("lstm"), "fp32")
    for wrong in (-1, 53):
        with pytest.raises(IndexError, match="is not one of 53"):
            fast(torch.tensor([[0, wrong]]))


def test_unknown_precision_is_refused() -> None:
    with pytest.raises(UserError, match="--precision int3: choose among fp32, bf16, int8, int4"):
        stepper(network("lstm"), "int3")


@pytest.mark.parametrize("precision", ["int8", "int4"])
def test_rounding_is_within_half_a_step_and_changes_nothing_twice(precision: str) -> None:
    weight = torch.randn(6, 2 * GROUP + 5, generator=torch.Generator().manual_seed(0))
    whole, scales = quantise(weight, precision)
    once = dequantise(whole, scales)
    size = weight.shape[1] if precision == "int8" else GROUP
    steps = scales.repeat_interleave(size, 1)[:, : weight.shape[1]]
    assert bool(((once - weight).abs() <= 0.501 * steps).all())
    torch.testing.assert_close(rounded(once, precision), once)


@pytest.mark.parametrize(("precision", "most"), [("bf16", 0.6), ("int8", 0.45), ("int4", 0.35)])
def test_a_quantised_file_is_small_and_gives_the_rounded_weights(precision: str, most: float, tmp_path: Path) -> None:
    config = NetworkConfig(vocab_size=53, blocks=("gru",), width=64, embedding_width=9)
    made = Network(config)
    made.reset_parameters(0)
    path = tmp_path / "model.safetensors"
    save_quantised(path, made, precision)
    assert path.stat().st_size < most * 4 * sum(p.numel() for p in made.parameters())
    found = dict(load_network(path, config, precision).named_parameters())
    for name, parameter in made.named_parameters():
        own = "int8" if precision == "int4" and not name.startswith("blocks.") else precision
        wanted = parameter if parameter.ndim != 2 else rounded(parameter, own)
        torch.testing.assert_close(found[name], wanted)
    with pytest.raises(UserError, match="model.safetensors"):
        load_network(path, config, "int8" if precision == "int4" else "int4")
