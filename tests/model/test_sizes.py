"""The size dial and the pattern language."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upwell.errors import UserError
from upwell.model.accounting import flops_per_token, meta_network, parameters_by_kind
from upwell.model.config import MIXERS, parse_pattern
from upwell.model.sizes import count_text, network_config, parse_count, parse_size


@given(
    size=st.floats(4.4, 7.5).map(lambda x: round(10**x)),
    model=st.sampled_from([*MIXERS, "(lstm attention)*2", "gru gru+mlp"]),
)
@settings(max_examples=60, deadline=None)
def test_the_dial_comes_near_the_size_asked_for(size: int, model: str) -> None:
    network = meta_network(network_config(model, size, vocab_size=100, context=64))
    assert parameters_by_kind(network)["non_embedding"] == pytest.approx(size, rel=0.2)


def test_width_and_depth_grow_with_size_and_depth_can_be_pinned() -> None:
    shapes = [network_config("lstm", size, vocab_size=9, context=8) for size in (10**5, 10**6, 10**7, 10**8)]
    assert [c.width for c in shapes] == sorted({c.width for c in shapes})
    assert [len(c.blocks) for c in shapes] == sorted(len(c.blocks) for c in shapes)
    assert len(network_config("gru", 10**6, vocab_size=9, context=8, depth=5).blocks) == 5


@pytest.mark.parametrize(
    ("pattern", "blocks"),
    [
        ("lstm", ("lstm",)),
        ("lstm lstm attention", ("lstm", "lstm", "attention+mlp")),
        ("(gru attention)*3", ("gru", "attention+mlp") * 3),
        ("rnn+mlp attention-mlp mingru", ("rnn+mlp", "attention", "mingru+mlp")),
        ("((lstm)*2 gru)*2", ("lstm", "lstm", "gru") * 2),
        ("  (lstm gru) * 2  rnn ", ("lstm", "gru", "lstm", "gru", "rnn")),
    ],
)
def test_patterns_are_read(pattern: str, blocks: tuple[str, ...]) -> None:
    assert parse_pattern(pattern) == blocks


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("", "no block"),
        ("lsmt", "did you mean 'lstm'"),
        ("(lstm", "without its '\\)'"),
        ("lstm)", "without its '\\('"),
        ("lstm * 3", "cannot read"),
        ("(lstm)*9999", "more than 512 blocks"),
        ("LSTM", "cannot read"),
    ],
)
def test_patterns_that_cannot_be_read_are_named(pattern: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        parse_pattern(pattern)


def test_a_pattern_fixes_its_own_depth() -> None:
    with pytest.raises(UserError, match="has 2 blocks; leave out --depth 3"):
        network_config("lstm gru", 10**5, vocab_size=9, context=8, depth=3)
    assert len(network_config("lstm gru", 10**5, vocab_size=9, context=8, depth=2).blocks) == 2


@pytest.mark.parametrize(
    ("text", "size"), [("25k", 25_000), ("1.5m", 1_500_000), ("40_000", 40_000), (3_000_000, 3_000_000)]
)
def test_sizes_are_read(text: str | int, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "k", "-3m", "3x", "nan", "99", "2000b", "1e"])
def test_sizes_that_cannot_be_read_are_named(text: str) -> None:
    with pytest.raises(UserError, match="size"):
        parse_size(text)


def test_counts_go_both_ways() -> None:
    assert parse_count("2e6", option="--tokens") == 2e6
    for number in (950, 25_000, 3_540_000, 2e9):
        assert parse_count(count_text(number), option="x") == pytest.approx(number, rel=0.01)


def test_flops_count_every_matrix_twice_and_the_head() -> None:
    config = network_config("gru", 50_000, vocab_size=70, context=32)
    network = meta_network(config)
    matrices = sum(p.numel() for n, p in network.named_parameters() if p.ndim == 2 and "embedding" not in n)
    assert flops_per_token(network, 32) == 2 * matrices + 2 * 70 * config.width
    attention = meta_network(network_config("attention", 50_000, vocab_size=70, context=32))
    more = flops_per_token(attention, 20) - flops_per_token(attention, 10)
    assert more == len(attention.blocks) * 2 * 2 * 10 * attention.config.width
