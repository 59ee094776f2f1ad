"""Every mixer: one protocol, equal to the accepted implementation, the same in any split of time."""

from __future__ import annotations

import functools
import itertools
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from upwell.errors import UserError
from upwell.model import state as states
from upwell.model.config import NetworkConfig
from upwell.model.mixers import GRU, LSTM, RNN, Attention, MinGRU
from upwell.model.mixers.scan import gated_scan
from upwell.model.network import Network
from upwell.model.noise import noise
from upwell.model.sizes import network_config

CONFIGS: dict[str, dict[str, Any]] = {
    "rnn": {},
    "rnn relu": {"nonlinearity": "relu"},
    "lstm": {},
    "gru": {},
    "mingru": {},
    "attention": {},
    "attention grouped": {"heads": 4, "kv_heads": 2},
    "attention window": {"window": 5},
    "attention qk_norm": {"qk_norm": True},
    "attention documents": {"boundary": 3, "window": 9},
    "attention late": {"late_keys": 1},
    "attention late documents": {"heads": 4, "kv_heads": 2, "late_keys": 1, "boundary": 3, "window": 9},
    "lstm attention gru": {},
    "(mingru attention)*2": {"window": 7},
    "attention lstm": {"boundary": 3},
    "lstm+mlp": {},
}


def make(name: str, **options: Any) -> Network:
    alone = name == "rnn relu" or (name.startswith("attention") and name != "attention lstm")
    family = name.split()[0] if alone else name
    config = network_config(family, 6000, vocab_size=13, context=40)
    config = replace(
        config, **{**({"heads": 2, "kv_heads": 2} if config.width % 4 == 0 else {}), **CONFIGS[name], **options}
    )
    network = Network(config)
    network.reset_parameters(1)
    return network.eval()


def tokens(rows: int, length: int) -> torch.Tensor:
    return torch.randint(0, 13, (rows, length), generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", list(CONFIGS))
@settings(max_examples=10, deadline=None)
@given(cuts=st.lists(st.integers(1, 23), max_size=6, unique=True))
@torch.no_grad()
def test_any_split_of_time_gives_the_same_outputs_and_state(name: str, cuts: list[int]) -> None:
    network, ids = make(name), tokens(3, 24)
    whole, last = network(ids)
    state, parts = network.initial_state(3), []
    borders = [0, *sorted(cuts), 24]
    for start, stop in itertools.pairwise(borders):
        logits, state = network(ids[:, start:stop], state)
        parts.append(logits)
    torch.testing.assert_close(torch.cat(parts, 1), whole, rtol=0, atol=1e-5)
    for (path, one), (_, other) in zip(states.leaves(state), states.leaves(last), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-5, msg=path)


@pytest.mark.parametrize("name", list(CONFIGS))
@torch.no_grad()
def test_step_form_in_bf16_stays_within_a_bound(name: str) -> None:
    network, ids = make(name).to(torch.bfloat16), tokens(3, 24)
    whole, _ = network(ids)
    state, parts = network.initial_state(3), []
    for t in range(24):
        logits, state = network(ids[:, t : t + 1], state)
        parts.append(logits)
    difference = float((torch.cat(parts, 1).float().log_softmax(-1) - whole.float().log_softmax(-1)).abs().max())
    print(
        f"{name}: largest difference of log-probabilities, step form and parallel form in bf16: {difference:.3f} nats"
    )
    assert difference < 0.15


@pytest.mark.parametrize("name", list(CONFIGS))
@torch.no_grad()
def test_a_later_token_changes_no_earlier_output(name: str) -> None:
    network, ids = make(name), tokens(2, 20)
    changed = ids.clone()
    changed[:, 11] = (ids[:, 11] + 1) % 13
    one, other = network(ids)[0], network(changed)[0]
    assert torch.equal(one[:, :11], other[:, :11])
    assert not torch.allclose(one[:, 11:], other[:, 11:])


@pytest.mark.parametrize("name", list(CONFIGS))
def test_a_network_on_the_meta_device_has_shapes_without_memory(name: str) -> None:
    with torch.device("meta"):
        network = Network(make(name).config)
        logits, state = network(torch.zeros(2, 9, dtype=torch.int64))
        logits, state = network(torch.zeros(2, 1, dtype=torch.int64), state)
    assert logits.shape == (2, 1, 13) and logits.device.type == "meta"


@pytest.mark.parametrize("name", list(CONFIGS))
def test_every_parameter_gets_a_gradient(name: str) -> None:
    network = make(name).train()
    network(tokens(2, 9))[0].logsumexp(-1).sum().backward()
    for path, parameter in network.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, path


@pytest.mark.parametrize(
    ("mixer", "reference"),
    [
        (RNN(6), torch.nn.RNN(6, 6, batch_first=True)),
        (RNN(6, nonlinearity="relu"), torch.nn.RNN(6, 6, nonlinearity="relu", batch_first=True)),
        (LSTM(6), torch.nn.LSTM(6, 6, batch_first=True)),
        (GRU(6), torch.nn.GRU(6, 6, batch_first=True)),
    ],
    ids=["rnn tanh", "rnn relu", "lstm", "gru"],
)
def test_recurrent_mixers_equal_torch_outputs_states_and_gradients(mixer: Any, reference: Any) -> None:
    torch.manual_seed(0)
    mixer.reset_parameters()
    torch.nn.init.normal_(mixer.bias)
    pairs = {"input_weight": "weight_ih_l0", "recurrent_weight": "weight_hh_l0", "bias": "bias_ih_l0"}
    if hasattr(mixer, "recurrent_bias"):
        torch.nn.init.normal_(mixer.recurrent_bias)
        pairs["recurrent_bias"] = "bias_hh_l0"
    else:
        torch.nn.init.zeros_(reference.bias_hh_l0)
    for ours, theirs in pairs.items():
        getattr(reference, theirs).data.copy_(getattr(mixer, ours))
    x, hidden, cell = torch.randn(3, 7, 6), torch.randn(3, 6), torch.randn(3, 6)
    is_lstm = isinstance(mixer, LSTM)
    inputs = [x.clone().requires_grad_() for _ in range(2)]
    y, state = mixer(inputs[0], {"hidden": hidden, "cell": cell} if is_lstm else {"hidden": hidden})
    expected, last = reference(inputs[1], (hidden[None], cell[None]) if is_lstm else hidden[None])
    torch.testing.assert_close(y, expected)
    for ours, theirs in zip(state.values(), last if is_lstm else [last], strict=True):
        torch.testing.assert_close(ours, theirs[0])
    weight = torch.randn_like(y)
    (y * weight).sum().backward()
    (expected * weight).sum().backward()
    torch.testing.assert_close(inputs[0].grad, inputs[1].grad)
    for ours, theirs in pairs.items():
        torch.testing.assert_close(getattr(mixer, ours).grad, getattr(reference, theirs).grad)


def naive_scan(decay: torch.Tensor, inputs: torch.Tensor, start: torch.Tensor) -> torch.Tensor:
    out, h = [], start
    for t in range(inputs.shape[1]):
        h = decay[:, t] * h + inputs[:, t]
        out.append(h)
    return torch.stack(out, 1)


@given(time=st.integers(1, 40), batch=st.integers(1, 3), width=st.integers(1, 4), seed=st.integers(0, 9))
@settings(max_examples=40, deadline=None)
def test_the_parallel_scan_equals_the_loop_with_all_gradients(time: int, batch: int, width: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    def plain(packed: torch.Tensor, bias: torch.Tensor, start: torch.Tensor) -> torch.Tensor:
        gate, candidate = packed.chunk(2, -1)
        gate = torch.sigmoid(gate + bias)
        return naive_scan(1 - gate, gate * candidate, start)

    arguments = [draw(batch, time, 2 * width), draw(width), draw(batch, width)]
    weight = draw(batch, time, width)
    results = []
    for scan in (gated_scan, plain):
        leaves = [argument.clone().requires_grad_() for argument in arguments]
        states_ = scan(*leaves)
        (states_ * weight).sum().backward()
        results.append([states_.detach(), *(leaf.grad for leaf in leaves)])
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other)


def test_the_scan_passes_gradcheck() -> None:
    torch.manual_seed(0)
    arguments = [torch.randn(s, dtype=torch.float64, requires_grad=True) for s in ((2, 7, 6), (3,), (2, 3))]
    assert torch.autograd.gradcheck(gated_scan, arguments)


@pytest.mark.parametrize("kind", ["gru", "rnn tanh", "rnn relu"])
def test_the_loops_pass_gradcheck_as_torchscript_and_in_plain_python(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from upwell.model.mixers import loops

    torch.manual_seed(0)
    gates = 3 if kind == "gru" else 1
    shapes = [(2, 5, 4), (2, 4), (gates * 4, 4), (gates * 4, 4), (gates * 4,), (gates * 4,)][: 6 if gates == 3 else 5]
    arguments = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]
    run = loops.gru_loop if kind == "gru" else functools.partial(loops.rnn_loop, relu=kind == "rnn relu")
    assert torch.autograd.gradcheck(run, arguments)
    scripted = run(*arguments)
    for name in ("_gru_forward", "_gru_backward", "_rnn_forward", "_rnn_backward"):
        monkeypatch.setattr(loops, name, getattr(loops, name).__wrapped__)
    assert torch.autograd.gradcheck(run, arguments)
    assert torch.equal(run(*arguments), scripted)


@torch.no_grad()
def test_a_carried_cell_counts_on_in_bf16() -> None:
    mixer = LSTM(1)
    for parameter in mixer.parameters():
        parameter.zero_()
    mixer.bias.copy_(torch.tensor([30.0, 30.0, 0.02, 30.0]))  # gates open, candidate tanh(0.02)
    mixer = mixer.to(torch.bfloat16)
    state = mixer.initial_state(1)
    for _ in range(600):
        _, state = mixer(torch.zeros(1, 1, 1, dtype=torch.bfloat16), state)
    assert state["cell"].dtype == torch.float32
    assert float(state["cell"]) == pytest.approx(600 * 0.02, rel=0.01)  # a bf16 cell sticks at 8


@torch.no_grad()
def test_attention_past_its_context_is_a_clear_error_in_both_forms() -> None:
    network = make("attention")
    _, state = network(tokens(2, 40))
    with pytest.raises(UserError, match="41 tokens are past this model's context of 40"):
        network(tokens(2, 41))
    with pytest.raises(UserError, match="41 tokens are past"):
        network(tokens(2, 1), state)
    windowed = make("attention window")
    _, state = windowed(tokens(2, 60))
    assert windowed(tokens(2, 1), state)[0].shape == (2, 1, 13)


@pytest.mark.parametrize("name", list(CONFIGS))
@torch.no_grad()
def test_rows_of_unequal_length_step_together_as_alone(name: str) -> None:
    network, ids = make(name), tokens(3, 30)
    lengths = [4, 17, 9]
    alone = [network(ids[i : i + 1, :n])[1] for i, n in enumerate(lengths)]
    joined = states.concat(alone)
    step = tokens(3, 1)
    logits, joined = network(step, joined)
    for i in range(3):
        expected, _ = network(step[i : i + 1], alone[i])
        torch.testing.assert_close(logits[i : i + 1], expected, rtol=0, atol=1e-5)
    picked = states.select(joined, [2, 0])
    one, _ = network(step[[2, 0]], picked)
    other, _ = network(step, joined)
    torch.testing.assert_close(one, other[[2, 0]], rtol=0, atol=1e-5)


@pytest.mark.parametrize("window", [None, 9])
@pytest.mark.parametrize("training", [False, True])
def test_a_document_reads_the_same_whatever_stood_before_it(window: int | None, training: bool) -> None:
    network, ids = make("attention", boundary=3, window=window), tokens(2, 9)
    document = torch.cat([torch.full((2, 1), 3), ids % 3], 1)  # no other boundary in it
    before = tokens(2, 7) % 3
    with torch.set_grad_enabled(training):
        alone, _ = network(document)
        behind, state = network(torch.cat([before, document], 1)[:, : window or 40])
        torch.testing.assert_close(behind[:, 7:], alone[:, : behind.shape[1] - 7], rtol=0, atol=1e-5)
        for leaf in states.leaves(state):
            if leaf[0].endswith("length"):
                assert leaf[1].tolist() == [behind.shape[1] - 7] * 2
        unbound, _ = make("attention", window=window)(torch.cat([before, document], 1)[:, : window or 40])
        assert not torch.allclose(unbound[:, 7:], behind[:, 7:], atol=1e-3)


@pytest.mark.parametrize("name", list(CONFIGS))
@torch.no_grad()
def test_reset_rows_are_as_new_and_the_others_as_before(name: str) -> None:
    network, ids, step = make(name), tokens(2, 6), tokens(2, 1)
    _, state = network(ids)
    reset = states.reset_rows(state, torch.tensor([True, False]))
    logits, _ = network(step, reset)
    fresh, _ = network(step, network.initial_state(2))
    kept, _ = network(step, state)
    torch.testing.assert_close(logits[0], fresh[0], rtol=0, atol=1e-5)
    torch.testing.assert_close(logits[1], kept[1], rtol=0, atol=1e-5)


def test_states_split_snapshot_and_flatten_without_loss() -> None:
    network = make("lstm attention gru")
    _, state = network(tokens(4, 5))
    state = states.detach(state)
    kept = states.snapshot(state)
    parts = states.split(state, [1, 3])
    for (path, one), (_, other) in zip(states.leaves(states.concat(parts)), states.leaves(state), strict=True):
        assert torch.equal(one, other), path
    flat = dict(states.leaves(state))
    rebuilt = states.from_leaves(state, flat)
    assert [path for path, _ in states.leaves(rebuilt)] == list(flat)
    for leaf in flat.values():
        leaf.zero_()
    assert any(leaf.abs().sum() > 0 for _, leaf in states.leaves(kept))
    assert states.num_bytes(state) == sum(leaf.numel() * leaf.element_size() for leaf in flat.values())


def test_locked_dropout_keeps_one_mask_over_time_and_embedding_dropout_whole_types() -> None:
    from upwell.model.network import locked_dropout

    x = torch.ones(3, 8, 50)
    with noise(0):
        dropped = locked_dropout(x, 0.4, training=True)
    assert torch.equal(dropped, dropped[:, :1].expand_as(dropped))
    assert not torch.equal(dropped[0], dropped[1])
    assert locked_dropout(x, 0.4, training=False) is x
    network = make("lstm", embedding_dropout=0.5).train()
    with noise(0):
        embedding = network._embedding()
    zero = (embedding == 0).all(1)
    assert 0 < zero.sum() < 13
    torch.testing.assert_close(embedding[~zero], 2 * network.embedding_weight[~zero])


def test_weight_drop_changes_recurrence_in_training_alone_and_a_seed_repeats_it() -> None:
    network, ids = make("lstm", weight_drop=0.5), tokens(2, 9)
    plain = network(ids)[0]
    assert torch.equal(plain, network(ids)[0])
    network.train()
    draws = []
    for seed in (1, 1, 2):
        with noise(seed):
            draws.append(network(ids)[0])
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2]) and not torch.equal(draws[0], plain)


@torch.no_grad()
def test_mingru_forgets_over_different_times() -> None:
    mixer = MinGRU(32)
    mixer.reset_parameters()
    gates = torch.sigmoid(mixer.bias)
    assert float(gates.max()) == pytest.approx(0.5) and float(gates.min()) == pytest.approx(0.001, rel=0.01)


def test_attention_state_grows_by_its_own_account() -> None:
    mixer = Attention(16, heads=4, kv_heads=2, context=32)
    mixer.reset_parameters()
    for length in (1, 7):
        _, state = mixer(torch.randn(1, length, 16))
        assert states.num_bytes(state) == mixer.state_bytes(length)


@pytest.mark.parametrize("name", ["lstm", "gru", "mingru", "rnn"])
def test_recurrent_state_bytes_are_what_the_state_takes(name: str) -> None:
    network = make(name)
    _, state = network(tokens(1, 5))
    from upwell.model.accounting import state_bytes

    assert states.num_bytes(state) == state_bytes(network, 5)


def test_config_names_what_is_wrong() -> None:
    config = make("lstm").config
    assert NetworkConfig.from_dict(config.to_dict()) == config
    for values, said in (
        ({**config.to_dict(), "widht": 3}, "did you mean 'width'"),
        ({**config.to_dict(), "width": 10**12}, "width must be a whole number"),
        ({**config.to_dict(), "blocks": ["lsmt"]}, "no block 'lsmt'"),
        ({**config.to_dict(), "blocks": "lstm"}, "blocks must be a list"),
        ({**config.to_dict(), "dropout": 1}, "dropout must be a number"),
        ({"width": 4}, "missing key"),
        ([], "expected a JSON object"),
    ):
        with pytest.raises(UserError, match=said):
            NetworkConfig.from_dict(values)


@torch.no_grad()
def test_late_keys_find_what_followed_a_like_token_before_anything_is_learned() -> None:
    torch.manual_seed(0)
    mixer = Attention(64, heads=1, kv_heads=1, context=32, late_keys=1, rope_base=1e9)
    mixer.reset_parameters()
    mixer.query_weight *= 4
    mixer.value_weight.copy_(torch.eye(64))
    mixer.output_weight.copy_(torch.eye(64))
    x = torch.randn(1, 9, 64)
    x[0, 8] = x[0, 3]
    nearest = torch.cosine_similarity(mixer(x)[0][0, 8], x[0], dim=-1).argmax()
    assert nearest == 4


def test_more_late_keys_than_heads_are_refused() -> None:
    with pytest.raises(UserError, match="late_keys"):
        make("attention", late_keys=9)
