"""Networks that read stories: the recurrence beside a plain loop, padding, readers side by side."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from upwell.errors import UserError
from upwell.model.config import NetworkConfig
from upwell.model.reader import build_network
from upwell.model.story_reader import StoryReader, running


def make(readers: int = 3, outputs: int = 2, heads: int = 2) -> StoryReader:
    config = NetworkConfig(
        vocab_size=11,
        blocks=("mingru",) * 2,
        width=8,
        heads=heads,
        causal=False,
        head="words",
        outputs=outputs,
        context=5,
        readers=readers,
    )
    network = build_network(config)
    assert isinstance(network, StoryReader)
    network.reset_parameters(1)
    return network


def story(*shape: int) -> Tensor:
    return torch.randint(1, 11, shape, generator=torch.Generator().manual_seed(0))


def plain(kept: Tensor, written: Tensor) -> Tensor:
    state, states = torch.zeros_like(written[..., 0, :]), []
    for time in range(written.shape[-2]):
        state = kept[..., time, None].exp() * state + written[..., time, :]
        states.append(state)
    return torch.stack(states, -2)


@pytest.mark.parametrize("time", [1, 32, 75])
def test_the_recurrence_in_pieces_is_that_of_a_loop(time: int) -> None:
    torch.manual_seed(0)
    kept = (-torch.rand(2, 3, time) * 3).requires_grad_()
    written = torch.randn(2, 3, time, 4).requires_grad_()
    weights = torch.randn(2, 3, time, 4)
    found = []
    for function in (running, plain):
        states = function(kept, written)
        found.append((states, *torch.autograd.grad((states * weights).sum(), (kept, written))))
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


@torch.no_grad()
def test_what_pads_a_story_changes_nothing() -> None:
    network = make().eval()
    sentences, question = story(1, 40, 4), story(1, 3)
    alone = network.found(sentences, question)
    padded = torch.zeros(2, 70, 5, dtype=torch.int64)
    padded[0, :40, :4] = sentences
    padded[1] = story(70, 5)
    asked = torch.cat([torch.nn.functional.pad(question, (0, 2)), story(1, 5)])
    torch.testing.assert_close(network.found(padded, asked)[:, :1], alone, rtol=1e-5, atol=1e-5)


@torch.no_grad()
def test_a_reader_says_alone_what_it_says_beside_others() -> None:
    network = make().eval()
    torch.nn.init.normal_(network.previous_weight)  # type: ignore[arg-type]
    sentences, question, previous = story(2, 6, 4), story(2, 3), torch.tensor([4, 9])
    said = network.say(network.found(sentences, question), 1, previous)  # (R, B, V)
    alone = network.only(2)
    assert alone.config.readers == 1
    torch.testing.assert_close(alone.say(alone.found(sentences, question), 1, previous)[0], said[2])
    assert not torch.allclose(said[0], said[2])


@torch.no_grad()
def test_a_story_without_sentences_can_be_asked() -> None:
    network = make(outputs=1).eval()
    found = network.found(torch.zeros(1, 1, 5, dtype=torch.int64), story(1, 3))
    assert network.say(found, 0, torch.zeros(1, dtype=torch.int64)).isfinite().all()


def test_only_readers_of_stories_stand_side_by_side() -> None:
    with pytest.raises(UserError, match="readers must be 1"):
        NetworkConfig(vocab_size=5, blocks=("gru",), width=4, readers=2)
