"""Products of a few rows of weights with a few rows of inputs, in registers.

Sixteen outputs of a matrix are a panel: the weights of one input, or in bytes of four, lie side by side, one vector of them
is multiplied by the input, and the sixteen sums come out side by side. A tile is one panel or four, with one row of inputs
or four. It is written once in LLVM's vectors, whatever the processor: where that has no vectors of 512 bits LLVM takes
several smaller ones. A row's sums are added in the same order in every tile, so that a text comes out the same alone or in
a batch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from upwell.model.stepping.machine_code.llvm import (
    F32,
    I8,
    I16,
    I32,
    I64,
    LANES,
    add_byte_products,
    add_product,
    load,
    shuffle,
    splat,
    spread,
    store,
    vector,
    widened_bf16,
)

PANELS = ROWS = 4
"""Of a large tile."""

Places = dict[str, ir.Value]


def _along(builder: ir.IRBuilder, places: Places, name: str, number: int) -> ir.Value:
    """The address of a panel, or of a row."""
    stride = "panel_stride" if name == "weights" else name.removesuffix("s") + "_stride"
    return builder.add(places[name], builder.mul(places[stride], I64(number)))


def _add_floats(builder: ir.IRBuilder, sums: list[list[Any]], places: Places, *, half: bool) -> None:
    """Four inputs."""
    kind, size = (I16, 2 * LANES) if half else (F32, 4 * LANES)
    for k in range(4):
        inputs = [
            spread(builder, load(builder, _along(builder, places, "inputs", r), 4 * k, F32)) for r in range(len(sums))
        ]
        for p in range(len(sums[0])):
            weights = load(builder, _along(builder, places, "weights", p), size * k, vector(kind))
            weights = widened_bf16(builder, weights) if half else weights
            for row, given in zip(sums, inputs, strict=True):
                add_product(builder, row[p], weights, given)


def _input_bytes(builder: ir.IRBuilder, places: Places, row: int, place: int) -> ir.Value:
    """Four bytes of inputs, sixteen times."""
    four = spread(builder, load(builder, _along(builder, places, "inputs", row), place, I32))
    return builder.bitcast(four, vector(I8, 64))


def _add_bytes(builder: ir.IRBuilder, sums: list[list[Any]], places: Places) -> None:
    """Sixteen inputs, four at a time."""
    for k in range(4):
        inputs = [_input_bytes(builder, places, r, 4 * k) for r in range(len(sums))]
        for p in range(len(sums[0])):
            weights = load(builder, _along(builder, places, "weights", p), 64 * k, vector(I8, 64))
            for row, given in zip(sums, inputs, strict=True):
                builder.store(add_byte_products(builder, builder.load(row[p]), weights, given), row[p])


def _add_nibbles(builder: ir.IRBuilder, sums: list[list[Any]], places: Places) -> None:
    """A group of 64 inputs: the lower halves of 64 bytes are the weights of four inputs, the upper halves those of the next."""
    starts = [spread(builder, load(builder, _along(builder, places, "offsets", r), 0, I32)) for r in range(len(sums))]
    totals = [[start] * len(sums[0]) for start in starts]
    for k in range(8):
        for p in range(len(sums[0])):
            packed = load(builder, _along(builder, places, "weights", p), 64 * k, vector(I8, 64))
            halves = (
                builder.and_(packed, splat(I8, 15, 64)),
                builder.and_(builder.lshr(packed, splat(I8, 4, 64)), splat(I8, 15, 64)),
            )
            for upper, weights in enumerate(halves):
                for r in range(len(sums)):
                    given = _input_bytes(builder, places, r, 8 * k + 4 * upper)
                    totals[r][p] = add_byte_products(builder, totals[r][p], weights, given)
    for p in range(len(sums[0])):
        scales = load(builder, _along(builder, places, "scales", p), 0, vector(F32))
        for row, total in zip(sums, totals, strict=True):
            add_product(builder, row[p], builder.sitofp(total[p], vector(F32)), scales)


_INPUTS = ("inputs", "input_stride")
_GROUPS = ("scales", "scale_stride", "offsets", "offset_stride")
_KINDS: dict[str, tuple[Callable[..., None], tuple[str, ...], dict[str, int]]] = {
    "float32": (lambda *what: _add_floats(*what, half=False), (), {"weights": 256, "inputs": 16}),
    "bfloat16": (lambda *what: _add_floats(*what, half=True), (), {"weights": 128, "inputs": 16}),
    "int8": (_add_bytes, (), {"weights": 256, "inputs": 16}),
    "int4": (_add_nibbles, _GROUPS, {"weights": 512, "inputs": 64, "scales": 64, "offsets": 4}),
}
"""How a step adds, the arguments that it needs beside, and how many bytes further the next one reads."""


def _tile(precision: str, panels: int, rows: int) -> Any:
    """The intrinsic f(weights, panel_stride, inputs, input_stride, ..., steps, out, out_stride): addresses and strides in bytes.

    Writes sixteen sums of each panel, fp32 (int32 for int8), at `out`, rows `out_stride` apart.
    """
    add, more, advances = _KINDS[precision]
    names = ("weights", "panel_stride", *_INPUTS, *more, "steps", "out", "out_stride")
    number = I32 if precision == "int8" else F32

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, given: Any) -> Any:
        places = dict(zip(names, given, strict=True))
        sums = _noughts(builder, number, rows, panels)
        with cgutils.for_range(builder, places["steps"]) as loop:
            here = dict(places)
            for name, advance in advances.items():
                here[name] = builder.add(places[name], builder.mul(loop.index, I64(advance)))
            add(builder, sums, here)
        for r, row in enumerate(sums):
            place = builder.add(places["out"], builder.mul(places["out_stride"], I64(r)))
            for p, slot in enumerate(row):
                store(builder, builder.load(slot), builder.add(place, I64(64 * p)))
        return context.get_dummy_value()

    return _intrinsic(names, generate)


def _dots(rows: int) -> Any:
    """The intrinsic f(keys, key_stride, inputs, input_stride, steps, out, out_stride): products of four rows of 16 `steps`
    fp32 numbers with `rows` rows of inputs, four side by side at `out`.
    """
    names = ("keys", "key_stride", *_INPUTS, "steps", "out", "out_stride")

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, given: Any) -> Any:
        places = dict(zip(names, given, strict=True))
        sums = _noughts(builder, F32, rows, PANELS)
        with cgutils.for_range(builder, places["steps"]) as loop:
            place = builder.mul(loop.index, I64(4 * LANES))
            inputs = [load(builder, _along(builder, places, "inputs", r), place, vector(F32)) for r in range(rows)]
            for p in range(PANELS):
                key = load(builder, _along(builder, places, "keys", p), place, vector(F32))
                for row, one in zip(sums, inputs, strict=True):
                    add_product(builder, row[p], key, one)
        for r, row in enumerate(sums):
            place = builder.add(places["out"], builder.mul(places["out_stride"], I64(r)))
            store(builder, _four_sums(builder, [builder.load(slot) for slot in row]), place)
        return context.get_dummy_value()

    return _intrinsic(names, generate)


def _noughts(builder: ir.IRBuilder, number: ir.Type, rows: int, columns: int) -> list[list[Any]]:
    """Vectors to sum in, in registers."""
    sums = [[cgutils.alloca_once(builder, vector(number)) for _ in range(columns)] for _ in range(rows)]
    for row in sums:
        for slot in row:
            builder.store(splat(number, 0), slot)
    return sums


def _four_sums(builder: ir.IRBuilder, four: list[ir.Value]) -> ir.Value:
    """The sums of four vectors of sixteen, as a vector of four; always added in this order."""
    quarters = []
    for value in four:
        for half in (8, 4):
            low, high = list(range(half)), list(range(half, 2 * half))
            value = builder.fadd(shuffle(builder, value, value, low), shuffle(builder, value, value, high))
        quarters.append(value)
    even, odd = [0, 2, 4, 6], [1, 3, 5, 7]
    first, last = (
        builder.fadd(shuffle(builder, a, b, even), shuffle(builder, a, b, odd))
        for a, b in ((quarters[0], quarters[1]), (quarters[2], quarters[3]))
    )
    return builder.fadd(shuffle(builder, first, last, even), shuffle(builder, first, last, odd))


def _intrinsic(names: tuple[str, ...], generate: Callable[..., Any]) -> Any:
    scope: dict[str, Any] = {"types": types, "generate": generate}
    # numba reads the number of an intrinsic's arguments off its Python signature.
    exec(
        f"def tile(context, {', '.join(names)}):\n    return types.void(*[types.int64] * {len(names)}), generate", scope
    )
    return intrinsic(scope["tile"])


FLOAT32_TILES, BFLOAT16_TILES, INT8_TILES, INT4_TILES = (
    tuple(_tile(precision, panels, rows) for panels in (1, PANELS) for rows in (1, ROWS)) for precision in _KINDS
)
"""Of each precision: one panel with one row and with four, four panels with one row and with four."""
dots_1, dots_4 = _dots(1), _dots(4)
