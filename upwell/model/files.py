"""A network on disk: JSON for the config, safetensors for the weights, checked before memory is taken."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from upwell.errors import UserError
from upwell.model.accounting import meta_network
from upwell.model.config import NetworkConfig
from upwell.model.network import Network
from upwell.model.stepping.packing import GROUP, dequantise, quantise, stored_precision
from upwell.text.files import atomic_write_chunks

MAX_JSON_BYTES = 16 * 2**20
_KINDS = {torch.float32: "F32", torch.bfloat16: "BF16", torch.int64: "I64", torch.uint8: "U8", torch.int8: "I8"}
"""Names of dtypes in safetensors files."""


def read_json(path: Path) -> Any:
    """The JSON value in `path`; a UserError in one line where it is missing, too large, or not JSON."""
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            raise UserError(f"{path}: {path.stat().st_size} bytes are too many for this file")
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; is {path.parent} a run?") from None
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"{path}: cannot be read as JSON ({_one_line(error)})") from None


def save_weights(path: Path, tensors: dict[str, Tensor]) -> None:
    """Write `tensors` as one safetensors file, atomically, without a copy of them in memory.

    The format: https://github.com/huggingface/safetensors, "Format". Its library copies everything or, in newer
    versions, writes temporary files under names of its own, which nobody would clean up after a kill.
    """
    ordered = dict(sorted(tensors.items(), key=lambda item: -item[1].element_size()))  # keeps all of them aligned
    header: dict[str, Any] = {}
    end = 0
    for name, tensor in ordered.items():
        begin, end = end, end + tensor.numel() * tensor.element_size()
        header[name] = {"dtype": _KINDS[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # tensors begin at a multiple of eight bytes

    def chunks() -> Iterator[bytes | memoryview]:
        yield struct.pack("<Q", len(text)) + text
        for tensor in ordered.values():
            yield tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data

    atomic_write_chunks(path, chunks())


def load_tensors(path: Path, expected: dict[str, tuple[tuple[int, ...], torch.dtype | None]]) -> dict[str, Tensor]:
    """The tensors of a safetensors file, after its header has been compared with the `expected` shapes and dtypes.

    A dtype of None accepts any floating type. Raises a UserError naming the first difference; no tensor is read before.
    """
    import safetensors

    floats = {"F64", "F32", "F16", "BF16"}
    try:
        with safetensors.safe_open(str(path), framework="pt") as file:
            found = set(file.keys())
            for name in sorted(expected.keys() - found):
                raise UserError(f"{path}: tensor {name!r} is missing")
            for name in sorted(found - expected.keys()):
                raise UserError(f"{path}: unknown tensor {name!r}")
            for name, (shape, dtype) in expected.items():
                header = file.get_slice(name)
                if tuple(header.get_shape()) != shape:
                    raise UserError(f"{path}: {name!r} has shape {header.get_shape()}, the config says {list(shape)}")
                kind = header.get_dtype()
                if kind not in floats if dtype is None else kind != _KINDS[dtype]:
                    raise UserError(f"{path}: {name!r} has type {kind}, not what the config says")
            return {name: file.get_tensor(name) for name in expected}
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; is {path.parent} a run?") from None
    except UserError:
        raise
    except Exception as error:  # safetensors raises its own class and, from Rust, several others
        raise UserError(f"{path}: not a readable safetensors file ({_one_line(error)})") from None


def tensor_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Shape by name of what a safetensors file says it holds; a UserError where it is none."""
    import safetensors

    try:
        with safetensors.safe_open(str(path), framework="pt") as file:
            return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; is {path.parent} a run?") from None
    except Exception as error:  # safetensors raises its own class and, from Rust, several others
        raise UserError(f"{path}: not a readable safetensors file ({_one_line(error)})") from None


def load_network(path: Path, config: NetworkConfig, precision: str | None = None) -> Network:
    """The network of `config` with the weights of the safetensors file `path`, fp32, on the CPU.

    `precision`: that of the file, where it was quantised.
    """
    network = meta_network(config)
    shapes = {name: tuple(p.shape) for name, p in network.named_parameters()}
    expected = _stored_shapes(shapes, precision)
    size = sum(math.prod(shape) for shape, _ in expected.values())
    if path.exists() and path.stat().st_size < size:
        raise UserError(f"{path}: {path.stat().st_size} bytes cannot hold the config's {size} numbers")
    tensors = load_tensors(path, expected)
    network.load_state_dict(
        {name: _restored(tensors, name, shape, precision) for name, shape in shapes.items()}, assign=True
    )
    if not all(bool(torch.isfinite(p).all()) for p in network.parameters()):
        raise UserError(f"{path}: holds weights that are not finite numbers")
    return network


def save_quantised(path: Path, network: Network, precision: str) -> None:
    """Write the weights of `network` as `load_network` reads them: matrices in `precision` (bf16, int8 or int4)."""
    tensors = {}
    for name, parameter in network.named_parameters():
        own = stored_precision(name, precision)
        if parameter.ndim != 2:
            tensors[name] = parameter.detach().float()
        elif own == "bf16":
            tensors[name] = parameter.detach().bfloat16()
        else:
            whole, tensors[f"{name}.scales"] = quantise(parameter.detach(), own)
            tensors[name] = whole if own == "int8" else _in_halves(whole)
    save_weights(path, tensors)


def _stored_shapes(
    shapes: dict[str, tuple[int, ...]], precision: str | None
) -> dict[str, tuple[tuple[int, ...], torch.dtype | None]]:
    """What a file of that precision holds, for parameters of `shapes`; scales stand beside whole numbers."""
    found: dict[str, tuple[tuple[int, ...], torch.dtype | None]] = {}
    for name, shape in shapes.items():
        own = stored_precision(name, precision) if precision and len(shape) == 2 else None
        if own == "int8":
            found[name], found[f"{name}.scales"] = (shape, torch.int8), ((shape[0], 1), torch.float32)
        elif own == "int4":
            found[name] = ((shape[0], -(-shape[1] // 2)), torch.uint8)
            found[f"{name}.scales"] = ((shape[0], -(-shape[1] // GROUP)), torch.float32)
        else:
            found[name] = (shape, None)
    return found


def _restored(tensors: dict[str, Tensor], name: str, shape: tuple[int, ...], precision: str | None) -> Tensor:
    tensor, scales = tensors[name], tensors.get(f"{name}.scales")
    if scales is None:
        return tensor.float()
    own = stored_precision(name, precision or "")
    return dequantise(tensor if own == "int8" else _from_halves(tensor)[:, : shape[1]], scales)


def _in_halves(whole: Tensor) -> Tensor:
    """Two numbers from -8 to 7 in a byte, the first in its lower half."""
    unsigned = (torch.nn.functional.pad(whole, (0, whole.shape[1] % 2)) + 8).to(torch.uint8)
    return unsigned[:, ::2] | (unsigned[:, 1::2] << 4)


def _from_halves(packed: Tensor) -> Tensor:
    return torch.stack([packed & 15, packed >> 4], -1).flatten(1).to(torch.int8) - 8


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
