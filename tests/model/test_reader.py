"""Networks that read: heads, bags of ids."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from upwell.errors import UserError
from upwell.model.config import NetworkConfig
from upwell.model.reader import Reader
from upwell.model.sizes import network_config

LENGTHS = torch.tensor([9, 4, 1])


def make(model: str = "gru", **options: Any) -> Reader:
    network = Reader(network_config(model, 4000, vocab_size=13, context=40, causal=False, **options))
    network.reset_parameters(1)
    torch.nn.init.normal_(network.output_weight)
    return network.eval()


def texts(*shape: int) -> torch.Tensor:
    return torch.randint(1, 13, shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("head", "outputs", "shape"), [("classes", 5, (3, 5)), ("tags", 4, (3, 9, 4))])
@pytest.mark.parametrize("model", ["gru", "attention"])
@torch.no_grad()
def test_what_pads_a_text_changes_nothing_that_is_said_of_it(
    model: str, head: str, outputs: int, shape: tuple[int, ...]
) -> None:
    network, ids = make(model, head=head, outputs=outputs), texts(3, 9)
    said = network.read(ids, LENGTHS)
    assert said.shape == shape
    for i, length in enumerate(LENGTHS.tolist()):
        alone = network.read(ids[i : i + 1, :length], LENGTHS[i : i + 1])[0]
        torch.testing.assert_close(said[i] if head == "classes" else said[i, :length], alone, rtol=0, atol=1e-5)


@torch.no_grad()
def test_a_language_model_can_read_as_well() -> None:
    config = network_config("lstm attention", 4000, vocab_size=13, context=40, head="classes", outputs=3)
    network = Reader(config)
    network.reset_parameters(1)
    torch.nn.init.normal_(network.output_weight)
    ids = texts(2, 6)
    said = network.eval().read(ids, torch.tensor([6, 3]))
    torch.testing.assert_close(said[1:], network.read(ids[1:, :3], torch.tensor([3])), rtol=0, atol=1e-5)


@torch.no_grad()
def test_a_bag_is_the_sum_of_its_ids_and_id_0_is_none() -> None:
    bags = make(head="tags", outputs=2, bags=True)
    plain = make(head="tags", outputs=2)
    plain.load_state_dict(bags.state_dict())
    ids = texts(2, 5)
    padded = torch.stack([ids, torch.zeros_like(ids)], 2)
    lengths = torch.tensor([5, 5])
    torch.testing.assert_close(bags.read(padded, lengths), plain.read(ids, lengths))
    both = torch.stack([ids, ids.flip(0)], 2)
    torch.testing.assert_close(bags._embed(both), (plain._embed(ids) + plain._embed(ids.flip(0))) / 2**0.5)


@torch.no_grad()
def test_a_token_that_is_concealed_is_not_read() -> None:
    network, ids = make(head="classes", outputs=2), texts(1, 5)
    concealed = torch.tensor([[False, True, False, False, False]])
    changed = ids.clone()
    changed[0, 1] = ids[0, 1] % 12 + 1
    length = torch.tensor([5])
    torch.testing.assert_close(
        network.read(ids, length, concealed=concealed), network.read(changed, length, concealed=concealed)
    )
    assert not torch.allclose(network.read(ids, length), network.read(changed, length))


def test_a_config_names_a_head_and_its_outputs() -> None:
    def config(**options: Any) -> NetworkConfig:
        return NetworkConfig(vocab_size=5, blocks=("gru",), width=8, causal=False, **options)

    for options, said in (
        ({"head": "class"}, "choose among"),
        ({"head": "classes"}, "outputs must be above 0"),
        ({"outputs": 2}, "outputs must be above 0"),
        ({"bags": True}, "read, not written"),
    ):
        with pytest.raises(UserError, match=said):
            config(**options)
