"""Update rules against their definitions."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from upwell.model.config import NetworkConfig
from upwell.model.network import Network
from upwell.training import optimizers
from upwell.training.optimizers import AdamW, Muon, orthogonalize
from upwell.training.recipe import Recipe


def test_adamw_decays_matrices_alone_and_equals_torch() -> None:
    torch.manual_seed(0)
    recipe = Recipe(weight_decay=0.1)
    tensors = {"matrix": torch.randn(4, 3), "vector": torch.randn(3)}
    copies = {name: torch.nn.Parameter(tensor.clone()) for name, tensor in tensors.items()}
    gradients = {name: torch.empty_like(tensor) for name, tensor in tensors.items()}
    ours = AdamW(tensors, gradients, recipe)
    groups = [
        {"params": [copies["matrix"]], "weight_decay": 0.1},
        {"params": [copies["vector"]], "weight_decay": 0.0},
    ]
    theirs = torch.optim.AdamW(groups, lr=1e-2, betas=(recipe.beta1, recipe.beta2))
    for _ in range(5):
        for name, copy in copies.items():
            copy.grad = torch.randn_like(copy)
            gradients[name].copy_(copy.grad)
        ours.step(1e-2)
        theirs.step()
    for name, copy in copies.items():
        torch.testing.assert_close(tensors[name], copy.detach())


def test_orthogonalize_brings_singular_values_near_one() -> None:
    torch.manual_seed(0)
    for shape in ((1, 16, 16), (3, 8, 24), (2, 40, 10)):
        values = torch.linalg.svdvals(orthogonalize(torch.randn(shape), dtype=torch.float32))
        assert values.min() > 0.3 and values.max() < 1.3


def test_muon_treats_stacked_gates_as_matrices_of_their_own() -> None:
    torch.manual_seed(0)
    recipe = Recipe(optimizer="muon", weight_decay=0.01, turns=1)
    stacked, gradient = torch.randn(3 * 8, 8), torch.randn(3 * 8, 8)
    alone = [piece.clone() for piece in stacked.chunk(3)]
    whole = Muon({"w": stacked}, {"w": gradient}, {"w": 3}, recipe, dtype=torch.float32)
    parts = [
        Muon({"w": a}, {"w": g}, {"w": 1}, recipe, dtype=torch.float32)
        for a, g in zip(alone, gradient.chunk(3), strict=True)
    ]
    for _ in range(3):
        whole.step(0.1)
        for part in parts:
            part.step(0.1)
    torch.testing.assert_close(stacked, torch.cat(alone))


def test_gates_heads_and_parts_of_an_mlp_are_matrices_of_their_own() -> None:
    config = NetworkConfig(
        vocab_size=8, blocks=("lstm", "attention+mlp"), width=16, heads=4, kv_heads=2, mlp_width=40, context=8
    )
    found = {name.removeprefix("blocks."): parts for name, parts in Network(config).matrices().items()}
    assert found == {
        "0.mixer.input_weight": 4,
        "0.mixer.recurrent_weight": 4,
        "1.mixer.query_weight": 4,
        "1.mixer.key_weight": 2,
        "1.mixer.value_weight": 2,
        "1.mixer.output_weight": 1,
        "1.mlp.gate_weight": 4,
        "1.mlp.up_weight": 4,
        "1.mlp.down_weight": 1,
    }


def test_muon_moves_every_matrix_by_about_a_fifth_of_the_rate_per_entry() -> None:
    torch.manual_seed(0)
    recipe = Recipe(optimizer="muon", weight_decay=0.0)
    for shape in ((64, 64), (32, 128)):
        tensor = torch.zeros(shape)
        Muon({"w": tensor}, {"w": torch.randn(shape)}, {"w": 1}, recipe, dtype=torch.float32).step(0.1)
        assert 0.015 < tensor.square().mean().sqrt() < 0.025


def test_muon_moves_each_matrix_in_one_of_two_steps_by_the_root_of_two_more() -> None:
    torch.manual_seed(0)
    recipe = Recipe(optimizer="muon", weight_decay=0.0)
    weight, gradient = torch.zeros(4 * 8, 8), torch.randn(4 * 8, 8)
    muon = Muon({"w": weight}, {"w": gradient}, {"w": 4}, recipe, dtype=torch.float32)
    once = Muon(
        {"w": (one := weight.clone())}, {"w": gradient}, {"w": 4}, replace(recipe, turns=1), dtype=torch.float32
    )
    once.step(0.1)
    muon.step(0.1, turn=0)
    torch.testing.assert_close(weight[:16], 2**0.5 * one[:16])
    assert not weight[16:].any() and torch.equal(muon.momenta["w"], once.momenta["w"])  # all gather, half move
    muon.step(0.1, turn=1)
    assert weight[16:].any()


def test_muon_in_pieces_moves_weights_as_it_does_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    recipe = Recipe(optimizer="muon", weight_decay=0.01)
    stacked = {"a": 3, "b": 2, "c": 1}
    weights = {name: torch.randn(8 * parts, 8) for name, parts in stacked.items()}
    gradients = {name: torch.randn_like(weight) for name, weight in weights.items()}
    results = []
    for entries, parts in ((4_000_000, 1), (4_000_000, 4), (64, 1), (150, 2)):
        monkeypatch.setattr(optimizers, "PIECE", entries)
        tensors = {name: weight.clone() for name, weight in weights.items()}
        muon = Muon(tensors, gradients, stacked, recipe, dtype=torch.float32)
        for turn in range(3):
            muon.step(0.1, turn=turn, parts=parts)
        results.append((len(muon.groups[0].pieces(parts)), tensors))
    assert [number for number, _ in results] == [1, 4, 6, 3]
    for _, tensors in results[1:]:
        torch.testing.assert_close(tensors, results[0][1])
