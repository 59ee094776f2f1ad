"""A network's file is compared with its config before anything of it is believed."""

from __future__ import annotations

import json
import pickle
import struct
from dataclasses import replace
from pathlib import Path

import pytest
import safetensors.torch
import torch

from upwell.errors import UserError
from upwell.model.config import NetworkConfig
from upwell.model.files import load_network, read_json, save_weights
from upwell.model.network import Network
from upwell.model.sizes import network_config


@pytest.fixture
def config() -> NetworkConfig:
    return network_config("lstm", 1500, vocab_size=11, context=16)


@pytest.fixture
def weights(config: NetworkConfig, tmp_path: Path) -> Path:
    network = Network(config)
    network.reset_parameters(0)
    save_weights(tmp_path / "model.safetensors", dict(network.named_parameters()))
    return tmp_path / "model.safetensors"


def header(tensors: dict[str, object], body: bytes = b"") -> bytes:
    text = json.dumps(tensors).encode("utf-8")
    return struct.pack("<Q", len(text)) + text + body


def test_weights_come_back_bit_by_bit(config: NetworkConfig, weights: Path) -> None:
    expected = Network(config)
    expected.reset_parameters(0)
    loaded = load_network(weights, config)
    for (name, one), (_, other) in zip(loaded.named_parameters(), expected.named_parameters(), strict=True):
        assert torch.equal(one, other), name


def test_another_shape_is_refused_before_reading(config: NetworkConfig, weights: Path) -> None:
    with pytest.raises(UserError, match="has shape"):
        load_network(weights, replace(config, width=config.width + 4))
    with pytest.raises(UserError, match="is missing"):
        load_network(weights, replace(config, blocks=("lstm",) * 3))
    with pytest.raises(UserError, match="unknown tensor"):
        load_network(weights, replace(config, blocks=("lstm",)))


def test_a_config_far_larger_than_the_file_takes_no_memory(config: NetworkConfig, weights: Path) -> None:
    huge = replace(config, width=1 << 16, blocks=("lstm",) * 500)  # 10^13 parameters
    with pytest.raises(UserError, match="cannot hold the config's"):
        load_network(weights, huge)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 7,
        pickle.dumps({"weight": [1, 2, 3]}),
        struct.pack("<Q", 10**12) + b"{}",
        header({"embedding_weight": {"dtype": "F32", "shape": [10**12, 10**12], "data_offsets": [0, 10**24]}}),
        header({"../../etc/passwd": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}, b"\0" * 4),
        header({"embedding_weight": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}, b"\0" * 4),
    ],
    ids=["empty", "short", "pickle", "endless header", "10^24 bytes", "path as name", "negative shape"],
)
def test_a_hostile_file_is_one_clear_line(content: bytes, config: NetworkConfig, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(content + b"\0" * 8000)
    with pytest.raises(UserError, match=r"model\.safetensors") as caught:
        load_network(path, config)
    assert "\n" not in str(caught.value)


def test_every_truncation_is_refused(config: NetworkConfig, weights: Path) -> None:
    content = weights.read_bytes()
    for length in range(0, len(content), 97):
        weights.write_bytes(content[:length])
        with pytest.raises(UserError):
            load_network(weights, config)


def test_weights_that_are_not_numbers_are_refused(config: NetworkConfig, tmp_path: Path) -> None:
    network = Network(config)
    network.reset_parameters(0)
    network.norm.scale.data[0] = float("nan")
    save_weights(tmp_path / "model.safetensors", dict(network.named_parameters()))
    with pytest.raises(UserError, match="not finite"):
        load_network(tmp_path / "model.safetensors", config)


def test_read_json_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nothing\.json: no such file"):
        read_json(tmp_path / "nothing.json")


def test_what_is_written_tensor_by_tensor_is_read_by_the_library_of_the_format(tmp_path: Path) -> None:
    torch.manual_seed(0)
    tensors = {
        "bytes": torch.arange(5, dtype=torch.uint8),
        "turned": torch.randn(4, 6).T,
        "half": torch.randn(7).bfloat16(),
        "number": torch.tensor(3),
        "nothing": torch.zeros(0, 4),
    }
    save_weights(tmp_path / "x.safetensors", tensors)
    found = safetensors.torch.load_file(tmp_path / "x.safetensors")
    assert found.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert found[name].dtype == tensor.dtype and torch.equal(found[name], tensor)
