"""Matrices in the number formats of a stepper, and in the order in which its tiles read them.

int8: a scale for each output. int4: a scale for each output and 64 inputs. Numbers are multiples of the scale from -127 to
127, or -7 to 7, so that what was rounded once stays as it is when it is rounded again.

Shapes: N outputs, K inputs, G groups of inputs.
"""

from __future__ import annotations

import torch
from torch import Tensor

PRECISIONS = ("fp32", "bf16", "int8", "int4")
GROUP = 64
"""Inputs that share a scale in int4."""
PANEL = 16
"""Outputs that are side by side."""
STEP = {"fp32": 4, "bf16": 4, "int8": 16, "int4": GROUP}
"""Inputs that a tile reads at once."""


def quantise(weight: Tensor, precision: str) -> tuple[Tensor, Tensor]:
    """Whole numbers (N, K) int8 and scales (N, G) fp32 of `weight` (N, K) for int8 (one group) or int4 (groups of 64)."""
    weight = weight.float()
    outputs, inputs = weight.shape
    size = inputs if precision == "int8" else GROUP
    most = 127 if precision == "int8" else 7
    padded = torch.nn.functional.pad(weight, (0, -inputs % size)).view(outputs, -1, size)
    scales = (padded.abs().amax(-1) / most).clamp(min=1e-12)
    whole = (padded / scales[..., None]).round().clamp(-most, most)
    return whole.view(outputs, -1)[:, :inputs].to(torch.int8), scales


def dequantise(whole: Tensor, scales: Tensor) -> Tensor:
    """The weights (N, K) fp32 that `whole` (N, K) and `scales` (N, G) stand for."""
    size = whole.shape[1] if scales.shape[1] == 1 else GROUP
    return whole.float() * scales.repeat_interleave(size, 1)[:, : whole.shape[1]]


def stored_precision(name: str, precision: str) -> str:
    """That of the matrix called `name` in a network of `precision`: beside int4 blocks, embedding and head are int8."""
    return "int8" if precision == "int4" and not name.startswith("blocks.") else precision


def rounded(weight: Tensor, precision: str) -> Tensor:
    """`weight` as `precision` has it, in fp32."""
    if precision == "fp32":
        return weight.float()
    if precision == "bf16":
        return weight.bfloat16().float()
    return dequantise(*quantise(weight, precision))


def pack(weight: Tensor, precision: str) -> tuple[Tensor, Tensor | None]:
    """`weight` (N, K) as bytes in the order of tiles, and its scales in that order.

    Sixteen outputs are side by side for each input, in bytes for each four inputs; in half bytes the next four inputs are in
    the upper halves. Outputs and inputs are filled up with zeros. Bytes and half bytes are kept without sign, 0 at the middle.
    """
    step = STEP[precision]
    if precision in ("fp32", "bf16"):
        kind = torch.float32 if precision == "fp32" else torch.bfloat16
        return _panels(_filled(weight.to(kind), PANEL, step), 1).view(torch.uint8), None
    whole, scales = quantise(weight, precision)
    whole, scales = _filled(whole, PANEL, step), _filled(scales, PANEL, 1)
    if precision == "int8":
        return _panels((whole.to(torch.int16) + 128).to(torch.uint8), 4), scales.flatten()
    fours = (whole + 8).to(torch.uint8).view(len(whole), -1, 2, 4)
    halves = fours[:, :, 0] | (fours[:, :, 1] << 4)  # (N, K / 8, 4)
    return _panels(halves.flatten(1), 4), _panels(scales, 1)


def _filled(matrix: Tensor, rows: int, columns: int) -> Tensor:
    return torch.nn.functional.pad(matrix, (0, -matrix.shape[1] % columns, 0, -matrix.shape[0] % rows))


def _panels(matrix: Tensor, together: int) -> Tensor:
    """(N, K) to N / 16 panels of K / together times 16 outputs times `together` inputs, flat."""
    return matrix.view(len(matrix) // PANEL, PANEL, -1, together).transpose(1, 2).contiguous().flatten()
