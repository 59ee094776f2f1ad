"""Networks that read a source and write: one protocol with language models, in any split, whatever pads the source."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from upwell.errors import UserError
from upwell.model import state as states
from upwell.model.accounting import flops_per_token, meta_network, parameters_by_kind, state_bytes
from upwell.model.config import MIXERS, NetworkConfig
from upwell.model.encoder_decoder import EncoderDecoder
from upwell.model.files import load_network, save_weights
from upwell.model.mixers.cross_attention import CrossAttention
from upwell.model.reader import build_network
from upwell.model.sizes import encoder_decoder_config
from upwell.model.stepping.steppers import has_compiler, stepper

CONFIGS: dict[str, dict[str, Any]] = {
    **{name: {} for name in MIXERS},
    "lstm lstm": {"source_vocab_size": 17},
    "gru -> (lstm attention)": {"embedding_width": 6, "source_vocab_size": 17},
    "attention -> lstm+mlp": {"embedding_width": 6, "qk_norm": True},
    "rnn mingru -> attention": {"window": 5, "tied": False},
}
LENGTHS = torch.tensor([9, 4, 1])


def make(name: str, **options: Any) -> EncoderDecoder:
    config = encoder_decoder_config(name, 9000, vocab_size=13, context=40, **{**CONFIGS[name], **options})
    if config.width % 4 == 0:
        config = replace(config, heads=2, kv_heads=1 if name == "gru" else 2)
    network = build_network(config)
    assert isinstance(network, EncoderDecoder)
    network.reset_parameters(1)
    return network.eval()


def tokens(rows: int, length: int, seed: int = 0) -> torch.Tensor:
    return torch.randint(0, 13, (rows, length), generator=torch.Generator().manual_seed(seed))


SOURCE = tokens(3, 9, seed=1)


@pytest.mark.parametrize("name", list(CONFIGS))
@settings(max_examples=6, deadline=None)
@given(cuts=st.lists(st.integers(1, 15), max_size=5, unique=True))
@torch.no_grad()
def test_any_split_of_time_gives_the_same_outputs_and_state(name: str, cuts: list[int]) -> None:
    network, ids = make(name), tokens(3, 16)
    first = network.read_source(SOURCE, LENGTHS)
    whole, last = network(ids, first)
    state, parts = first, []
    for start, stop in itertools.pairwise([0, *sorted(cuts), 16]):
        logits, state = network(ids[:, start:stop], state)
        parts.append(logits)
    assert whole.shape == (3, 16, 13)
    torch.testing.assert_close(torch.cat(parts, 1), whole, rtol=0, atol=1e-5)
    for (path, one), (_, other) in zip(states.leaves(state), states.leaves(last), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-5, msg=path)


@pytest.mark.parametrize("name", list(CONFIGS))
def test_what_is_trained_is_what_writes(name: str) -> None:
    network, ids = make(name), tokens(3, 8)
    trained, _ = network(ids, network.read_source(SOURCE, LENGTHS))
    with torch.no_grad():
        state, parts = network.read_source(SOURCE, LENGTHS), []
        for t in range(8):
            logits, state = network(ids[:, t : t + 1], state)
            parts.append(logits)
    torch.testing.assert_close(torch.cat(parts, 1), trained.detach(), rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", list(CONFIGS))
@torch.no_grad()
def test_what_pads_a_source_changes_nothing(name: str) -> None:
    network, ids = make(name), tokens(3, 8)
    together, _ = network(ids, network.read_source(SOURCE, LENGTHS))
    other = SOURCE.masked_fill(torch.arange(9) >= LENGTHS[:, None], 5)
    torch.testing.assert_close(network(ids, network.read_source(other, LENGTHS))[0], together, rtol=0, atol=1e-6)
    for i, length in enumerate(LENGTHS.tolist()):
        alone, _ = network(ids[i : i + 1], network.read_source(SOURCE[i : i + 1, :length], LENGTHS[i : i + 1]))
        torch.testing.assert_close(alone[0], together[i], rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", list(CONFIGS))
@torch.no_grad()
def test_rows_of_unequal_sources_join_leave_and_change_places(name: str) -> None:
    network, ids = make(name), tokens(3, 8)
    whole, _ = network(ids, network.read_source(SOURCE, LENGTHS))
    rows = []
    for i, length in enumerate(LENGTHS.tolist()):
        state = network.read_source(SOURCE[i : i + 1, :length], LENGTHS[i : i + 1])
        rows.append(network(ids[i : i + 1, :4], state)[1])
    joined = states.select(states.concat(rows), [2, 1, 1])
    assert states.trim(joined)[0]["memory"]["key"].shape[1] == 4  # that of nine tokens has left
    for state in (joined, states.trim(joined)):
        logits, _ = network(ids[[2, 1, 1], 4:], state)
        torch.testing.assert_close(logits, whole[[2, 1, 1], 4:], rtol=0, atol=1e-5)


@torch.no_grad()
def test_coverage_is_the_sum_of_the_last_blocks_weights() -> None:
    network = make("lstm lstm")
    state = network.read_source(SOURCE, LENGTHS)
    assert "coverage" not in state[0]["memory"]
    for t in range(1, 4):
        _, state = network(tokens(3, 1, seed=t), state)
        covered = state[-1]["memory"]["coverage"]
        assert covered.shape == (3, 9)
        torch.testing.assert_close(covered.sum(1), torch.full((3,), float(t)))
        assert covered[1, :5].abs().max() == 0  # padding, which stands on the left
    assert covered[0].std() > 0


@torch.no_grad()
def test_cross_attention_equals_a_loop_over_heads() -> None:
    cross = CrossAttention(12, heads=3, kv_heads=1)
    cross.reset_parameters()
    x, source = torch.randn(2, 5, 12), torch.randn(2, 7, 12)
    lengths = torch.tensor([7, 3])
    said, _ = cross(x, cross.memory(source, lengths, covered=False))
    for row, length in enumerate(lengths.tolist()):
        seen = source[row, 7 - length :]
        key, value = seen @ cross.key_weight.T, seen @ cross.value_weight.T
        heads = []
        for query in (x[row] @ cross.query_weight.T).split(4, 1):
            heads.append((query @ key.T / math.sqrt(4)).softmax(-1) @ value)
        torch.testing.assert_close(said[row], torch.cat(heads, 1) @ cross.output_weight.T, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", list(CONFIGS))
def test_every_parameter_gets_a_gradient(name: str) -> None:
    network = make(name, dropout=0.1, embedding_dropout=0.1, output_dropout=0.1).train()
    network(tokens(3, 9), network.read_source(SOURCE, LENGTHS))[0].logsumexp(-1).sum().backward()
    for path, parameter in network.named_parameters():
        assert parameter.grad is not None, path
        assert parameter.grad.abs().sum() > 0, path


@pytest.mark.parametrize("name", list(CONFIGS))
def test_it_comes_back_from_its_file_and_its_config(name: str, tmp_path: Path) -> None:
    network, path = make(name), tmp_path / "model.safetensors"
    save_weights(path, dict(network.named_parameters()))
    config = NetworkConfig.from_dict(network.config.to_dict())
    assert config == network.config
    loaded = load_network(path, config)
    for (path_, one), (_, other) in zip(loaded.named_parameters(), network.named_parameters(), strict=True):
        assert torch.equal(one, other), path_
    with pytest.raises(UserError, match="unknown tensor"):
        load_network(path, replace(config, encoder=(), source_vocab_size=0))


@given(
    size=st.floats(4.6, 7.5).map(lambda x: round(10**x)),
    model=st.sampled_from([*MIXERS, "lstm -> gru gru", "attention -> (lstm attention)"]),
    width=st.sampled_from([None, 40]),
)
@settings(max_examples=60, deadline=None)
def test_the_dial_comes_near_the_size_asked_for(size: int, model: str, width: int | None) -> None:
    config = encoder_decoder_config(
        model, size, vocab_size=100, source_vocab_size=90, context=64, embedding_width=width
    )
    counts = parameters_by_kind(meta_network(config))
    assert counts["non_embedding"] == pytest.approx(size, rel=0.25)
    assert counts["total"] == sum(p.numel() for p in meta_network(config).parameters())
    assert counts["embedding"] == 190 * (config.embedding_width or config.width)


def test_depths_are_those_of_the_sides() -> None:
    def depths(model: str, depth: int | None = None) -> tuple[int, int]:
        config = encoder_decoder_config(model, 10**5, vocab_size=9, context=8, depth=depth)
        return len(config.encoder), len(config.blocks)

    assert depths("lstm", 3) == (3, 3)
    assert depths("(lstm) -> gru gru") == (1, 2)
    assert depths("lstm -> gru gru") == (2, 2)
    with pytest.raises(UserError, match="leave out --depth 3"):
        depths("lstm -> gru gru", 3)


def test_costs_count_both_sides() -> None:
    network = make("lstm lstm")
    width, inside = network.config.width, parameters_by_kind(network)["non_embedding"]
    assert flops_per_token(network, 0) == pytest.approx(2 * (inside + 13 * width), rel=0.05)
    assert state_bytes(network, 10) - state_bytes(network, 0) == 2 * 2 * 10 * width * 4
    found = network.matrices()
    assert found["encoder.0.mixer.forward_mixer.input_weight"] == 4
    assert found["blocks.1.cross.query_weight"] == network.config.heads


def test_a_shape_without_memory_writes_too() -> None:
    network = meta_network(make("gru").config)
    assert isinstance(network, EncoderDecoder)
    with torch.device("meta"):
        state = network.read_source(torch.zeros(2, 9, dtype=torch.int64), torch.full((2,), 9))
        logits, _ = network(torch.zeros(2, 1, dtype=torch.int64), state)
    assert logits.shape == (2, 1, 13)


def test_without_a_source_there_is_no_state() -> None:
    with pytest.raises(TypeError, match="read_source"):
        make("gru").initial_state(2)


def test_it_writes_by_torch_where_machine_code_does_not_know_it() -> None:
    assert has_compiler() in (True, False)
    network = make("gru")
    assert stepper(network, "fp32") is network


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"encoder": ()}, "source_vocab_size must be 0"),
        ({"encoder": ("lsmt",)}, "no block 'lsmt'"),
        ({"encoder": ["lstm"]}, "encoder must be a list of names"),
        ({"causal": False}, "stands a causal network"),
        ({"boundary": 0}, "stands a causal network"),
        ({"heads": 5, "kv_heads": 5}, "must be a multiple of heads"),
        ({"encoder": ("lstm+mlp",)}, "mlp_width must be above 0"),
    ],
)
def test_configs_that_cannot_be_are_refused(change: dict[str, Any], said: str) -> None:
    config = encoder_decoder_config("lstm", 9000, vocab_size=13, context=40, source_vocab_size=17)
    with pytest.raises(UserError, match=said):
        replace(config, **change)
