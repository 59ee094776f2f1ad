"""The attention family is Llama, and with qk_norm Qwen3: same weights, same logits (recorded by benchmarks/record_peers)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import safetensors
import torch

from upwell.model.config import NetworkConfig
from upwell.model.network import Network

GOLDEN = Path(__file__).parents[1] / "golden"
NAMES = {
    "blocks.{}.mixer_norm.scale": "model.layers.{}.input_layernorm.weight",
    "blocks.{}.mixer.query_weight": "model.layers.{}.self_attn.q_proj.weight",
    "blocks.{}.mixer.key_weight": "model.layers.{}.self_attn.k_proj.weight",
    "blocks.{}.mixer.value_weight": "model.layers.{}.self_attn.v_proj.weight",
    "blocks.{}.mixer.output_weight": "model.layers.{}.self_attn.o_proj.weight",
    "blocks.{}.mixer.query_norm": "model.layers.{}.self_attn.q_norm.weight",
    "blocks.{}.mixer.key_norm": "model.layers.{}.self_attn.k_norm.weight",
    "blocks.{}.mlp_norm.scale": "model.layers.{}.post_attention_layernorm.weight",
    "blocks.{}.mlp.gate_weight": "model.layers.{}.mlp.gate_proj.weight",
    "blocks.{}.mlp.up_weight": "model.layers.{}.mlp.up_proj.weight",
    "blocks.{}.mlp.down_weight": "model.layers.{}.mlp.down_proj.weight",
}


@pytest.mark.parametrize("peer", ["llama", "qwen3"])
@torch.no_grad()
def test_attention_equals_the_peer(peer: str) -> None:
    with safetensors.safe_open(str(GOLDEN / f"{peer}_tiny.safetensors"), framework="pt") as file:
        shape = json.loads(file.metadata()["config"])
        theirs = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    config = NetworkConfig(
        vocab_size=shape["vocab_size"],
        blocks=("attention+mlp",) * shape["num_hidden_layers"],
        width=shape["hidden_size"],
        heads=shape["num_attention_heads"],
        kv_heads=shape["num_key_value_heads"],
        mlp_width=shape["intermediate_size"],
        context=shape["max_position_embeddings"],
        qk_norm=peer == "qwen3",
    )
    names = {"embedding_weight": "model.embed_tokens.weight", "norm.scale": "model.norm.weight"}
    for ours, other in NAMES.items():
        if config.qk_norm or "_norm" not in ours.rpartition(".")[2]:
            names |= {ours.format(i): other.format(i) for i in range(len(config.blocks))}
    network = Network(config).eval()
    network.load_state_dict({ours: theirs[other] for ours, other in names.items()})
    logits, _ = network(theirs["tokens"])
    torch.testing.assert_close(logits, theirs["logits"], rtol=1e-5, atol=1e-5)
    state, parts = network.initial_state(2), []
    for t in range(theirs["tokens"].shape[1]):
        part, state = network(theirs["tokens"][:, t : t + 1], state)
        parts.append(part)
    torch.testing.assert_close(torch.cat(parts, 1), theirs["logits"], rtol=1e-5, atol=1e-5)
