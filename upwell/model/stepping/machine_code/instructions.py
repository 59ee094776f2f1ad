"""What LLVM can do and numba has no word for: memory by address, vectors of sixteen, waiting between threads.

A tile is the product of four rows of a weight matrix with one row, or four, of inputs. It is written once in LLVM's
vectors, whatever the processor: where that has no vectors of 512 bits LLVM takes several smaller ones. A row's sums are
added in the same order in either tile, so that a text comes out the same alone or in a batch.
"""

from __future__ import annotations

import os
from typing import Any

import llvmlite.binding
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

F32, I8, I16, I32, I64 = ir.FloatType(), ir.IntType(8), ir.IntType(16), ir.IntType(32), ir.IntType(64)
LANES = 16
TILE = 4
"""Rows of a weight matrix that are multiplied at once; and rows of inputs, where there are that many."""
HAS_VNNI = bool(llvmlite.binding.get_host_cpu_features().get("avx512vnni"))
"""Whether four products of bytes are summed by one instruction; otherwise by a few, with the same result."""


def _vector(kind: ir.Type, lanes: int) -> ir.VectorType:
    return ir.VectorType(kind, lanes)


def _splat(kind: ir.Type, lanes: int, value: float) -> ir.Constant:
    return ir.Constant(_vector(kind, lanes), [value] * lanes)


def _load(builder: ir.IRBuilder, address: ir.Value, offset: ir.Value | int, kind: ir.Type) -> ir.Value:
    offset = I64(offset) if isinstance(offset, int) else offset
    return builder.load(builder.inttoptr(builder.add(address, offset), kind.as_pointer()), align=1)


def _shuffle(builder: ir.IRBuilder, a: ir.Value, b: ir.Value, lanes: list[int]) -> ir.Value:
    return builder.shuffle_vector(a, b, ir.Constant(_vector(I32, len(lanes)), lanes))


def _widened_bf16(builder: ir.IRBuilder, half: ir.Value) -> ir.Value:
    """bf16 is the upper half of an fp32."""
    wide = builder.shl(builder.zext(half, _vector(I32, LANES)), _splat(I32, LANES, 16))
    return builder.bitcast(wide, _vector(F32, LANES))


def _add_byte_products(builder: ir.IRBuilder, total: ir.Value, unsigned: ir.Value, signed: ir.Value) -> ir.Value:
    """total (16 x i32) and the sums of four neighbouring products of 64 unsigned with 64 signed bytes."""
    if HAS_VNNI:
        wide, fine = _vector(I32, LANES), _vector(I8, 4 * LANES)
        operand = fine if llvmlite.binding.llvm_version_info[0] >= 22 else wide
        kind = ir.FunctionType(wide, [wide, operand, operand])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.avx512.vpdpbusd.512")
        return builder.call(function, [total, builder.bitcast(unsigned, operand), builder.bitcast(signed, operand)])
    u, s = builder.zext(unsigned, _vector(I16, 64)), builder.sext(signed, _vector(I16, 64))
    pairs = None
    for first in (0, 1):
        lanes = list(range(first, 64, 2))
        product = builder.mul(
            builder.sext(_shuffle(builder, u, u, lanes), _vector(I32, 32)),
            builder.sext(_shuffle(builder, s, s, lanes), _vector(I32, 32)),
        )
        pairs = product if pairs is None else builder.add(pairs, product)
    even, odd = (_shuffle(builder, pairs, pairs, list(range(first, 32, 2))) for first in (0, 1))
    return builder.add(total, builder.add(even, odd))


def _sums(builder: ir.IRBuilder, four: list[ir.Value], *, floating: bool) -> ir.Value:
    """The sums of four vectors of sixteen, as a vector of four; always added in this order."""
    add = builder.fadd if floating else builder.add
    quarters = []
    for value in four:
        for half in (8, 4):
            low, high = list(range(half)), list(range(half, 2 * half))
            value = add(_shuffle(builder, value, value, low), _shuffle(builder, value, value, high))
        quarters.append(value)
    even, odd = [0, 2, 4, 6], [1, 3, 5, 7]
    pairs = [
        add(_shuffle(builder, a, b, even), _shuffle(builder, a, b, odd))
        for a, b in ((quarters[0], quarters[1]), (quarters[2], quarters[3]))
    ]
    first, last = pairs
    return add(_shuffle(builder, first, last, even), _shuffle(builder, first, last, odd))


def _float_step(
    builder: ir.IRBuilder, rows: int, accumulators: list[Any], places: dict[str, Any], *, bf16: bool
) -> None:
    vector = _vector(F32, LANES)
    inputs = [
        _load(builder, places["inputs"], builder.mul(places["input_stride"], I64(r)), vector) for r in range(rows)
    ]
    for n in range(TILE):
        offset = builder.mul(places["weight_stride"], I64(n))
        if bf16:
            weight = _widened_bf16(builder, _load(builder, places["weights"], offset, _vector(I16, LANES)))
        else:
            weight = _load(builder, places["weights"], offset, vector)
        for r in range(rows):
            slot = accumulators[r * TILE + n]
            product = builder.fmul(weight, inputs[r], flags=("contract",))
            builder.store(builder.fadd(builder.load(slot), product, flags=("contract",)), slot)


def _byte_step(builder: ir.IRBuilder, rows: int, accumulators: list[Any], places: dict[str, Any]) -> None:
    vector = _vector(I8, 64)
    inputs = [
        _load(builder, places["inputs"], builder.mul(places["input_stride"], I64(r)), vector) for r in range(rows)
    ]
    for n in range(TILE):
        weight = _load(builder, places["weights"], builder.mul(places["weight_stride"], I64(n)), vector)
        for r in range(rows):
            slot = accumulators[r * TILE + n]
            builder.store(_add_byte_products(builder, builder.load(slot), weight, inputs[r]), slot)


def _nibble_step(builder: ir.IRBuilder, rows: int, accumulators: list[Any], places: dict[str, Any]) -> None:
    """128 weights in 64 bytes: the lower halves of the bytes are one group of 64, the upper halves the next."""
    vector = _vector(I8, 64)
    for n in range(TILE):
        packed = _load(builder, places["weights"], builder.mul(places["weight_stride"], I64(n)), vector)
        low = builder.and_(packed, _splat(I8, 64, 15))
        high = builder.lshr(packed, _splat(I8, 64, 4))
        for group, weight in enumerate((low, high)):
            scale = _load(builder, places["scales"], 4 * (group * TILE + n), F32)
            scales = builder.insert_element(ir.Constant(_vector(F32, LANES), ir.Undefined), scale, I32(0))
            scales = _shuffle(builder, scales, scales, [0] * LANES)
            for r in range(rows):
                row = builder.mul(places["input_stride"], I64(r))
                given = _load(builder, builder.add(places["inputs"], I64(64 * group)), row, vector)
                row = builder.mul(places["offset_stride"], I64(r))
                start = _load(builder, builder.add(places["offsets"], I64(64 * group)), row, _vector(I32, LANES))
                total = builder.sitofp(_add_byte_products(builder, start, weight, given), _vector(F32, LANES))
                slot = accumulators[r * TILE + n]
                product = builder.fmul(total, scales, flags=("contract",))
                builder.store(builder.fadd(builder.load(slot), product, flags=("contract",)), slot)


_TILE_ARGUMENTS = {
    "float32": ("weights", "weight_stride", "weight_advance", "inputs", "input_stride"),
    "bfloat16": ("weights", "weight_stride", "weight_advance", "inputs", "input_stride"),
    "int8": ("weights", "weight_stride", "weight_advance", "inputs", "input_stride"),
    "int4": (
        "weights", "weight_stride", "weight_advance", "inputs", "input_stride", "scales", "offsets", "offset_stride"
    ),
}  # fmt: skip
_ADVANCES = {
    "float32": {"inputs": 64},
    "bfloat16": {"inputs": 64},
    "int8": {"inputs": 64},
    "int4": {"inputs": 128, "scales": 4 * 2 * TILE, "offsets": 128},
}
"""How many bytes further the next step of a tile reads; weights go on by the argument `weight_advance`."""


def _tile(precision: str, rows: int) -> Any:
    """The intrinsic f(*_TILE_ARGUMENTS[precision], steps, out, out_stride): addresses and strides in bytes.

    Writes the four sums of each row, fp32 (int32 for int8), at `out`, rows `out_stride` apart.
    """
    names = (*_TILE_ARGUMENTS[precision], "steps", "out", "out_stride")
    floating = precision != "int8"

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, given: Any) -> Any:
        places = dict(zip(names, given, strict=True))
        vector = _vector(F32 if floating else I32, LANES)
        accumulators = [cgutils.alloca_once(builder, vector) for _ in range(rows * TILE)]
        for slot in accumulators:
            builder.store(_splat(vector.element, LANES, 0.0 if floating else 0), slot)
        with cgutils.for_range(builder, places["steps"]) as loop:
            here = dict(places)
            advances = {"weights": places["weight_advance"]} | {n: I64(a) for n, a in _ADVANCES[precision].items()}
            for name, advance in advances.items():
                here[name] = builder.add(places[name], builder.mul(loop.index, advance))
            if precision == "int8":
                _byte_step(builder, rows, accumulators, here)
            elif precision == "int4":
                _nibble_step(builder, rows, accumulators, here)
            else:
                _float_step(builder, rows, accumulators, here, bf16=precision == "bfloat16")
        for r in range(rows):
            four = [builder.load(slot) for slot in accumulators[r * TILE : (r + 1) * TILE]]
            sums = _sums(builder, four, floating=floating)
            place = builder.add(places["out"], builder.mul(places["out_stride"], I64(r)))
            builder.store(sums, builder.inttoptr(place, sums.type.as_pointer()), align=4)
        return context.get_dummy_value()

    arguments = ", ".join(names)
    scope: dict[str, Any] = {"types": types, "generate": generate}
    # numba reads the number of an intrinsic's arguments off its Python signature.
    exec(f"def tile(context, {arguments}):\n    return types.void(*[types.int64] * {len(names)}), generate", scope)
    return intrinsic(scope["tile"])


tile_float32_1, tile_float32_4 = _tile("float32", 1), _tile("float32", 4)
tile_bfloat16_1, tile_bfloat16_4 = _tile("bfloat16", 1), _tile("bfloat16", 4)
tile_int8_1, tile_int8_4 = _tile("int8", 1), _tile("int8", 4)
tile_int4_1, tile_int4_4 = _tile("int4", 1), _tile("int4", 4)


@intrinsic
def pointer(context: Any, address: Any) -> Any:
    """An address as a pointer that numba.carray takes."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, given: Any) -> Any:
        return builder.inttoptr(given[0], cgutils.voidptr_t)

    return types.voidptr(types.int64), generate


@intrinsic
def weighted_sum(context: Any, scores: Any, values: Any, stride: Any, count: Any, factor: Any, out: Any) -> Any:
    """Sixteen numbers at `out`: `factor` times the sum of `count` rows of `values`, `stride` bytes apart, by their scores."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, given: Any) -> Any:
        scores, values, stride, count, factor, out = given
        vector = _vector(F32, LANES)
        totals = [cgutils.alloca_once(builder, vector) for _ in range(TILE)]
        for slot in totals:
            builder.store(_splat(F32, LANES, 0.0), slot)

        def spread(value: ir.Value) -> ir.Value:
            one = builder.insert_element(ir.Constant(vector, ir.Undefined), value, I32(0))
            return _shuffle(builder, one, one, [0] * LANES)

        def add(index: ir.Value, slot: ir.Value) -> None:
            score = spread(_load(builder, scores, builder.mul(index, I64(4)), F32))
            row = _load(builder, values, builder.mul(index, stride), vector)
            product = builder.fmul(score, row, flags=("contract",))
            builder.store(builder.fadd(builder.load(slot), product, flags=("contract",)), slot)

        whole = builder.sdiv(count, I64(TILE))
        with cgutils.for_range(builder, whole) as loop:
            for n, slot in enumerate(totals):
                add(builder.add(builder.mul(loop.index, I64(TILE)), I64(n)), slot)
        done = builder.mul(whole, I64(TILE))
        with cgutils.for_range(builder, builder.sub(count, done)) as loop:
            add(builder.add(done, loop.index), totals[0])
        a, b, c, d = (builder.load(slot) for slot in totals)
        result = builder.fmul(builder.fadd(builder.fadd(a, b), builder.fadd(c, d)), spread(factor))
        builder.store(result, builder.inttoptr(out, vector.as_pointer()), align=4)
        return context.get_dummy_value()

    kinds = (types.int64, types.int64, types.int64, types.int64, types.float32, types.int64)
    return types.void(*kinds), generate


@intrinsic
def lanes(context: Any) -> Any:
    """Sixteen fp32 numbers on the stack, of which LLVM knows that no other address leads to them."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, given: Any) -> Any:
        room = cgutils.alloca_once(builder, ir.ArrayType(F32, LANES))
        return builder.bitcast(room, cgutils.voidptr_t)

    return types.voidptr(), generate


@intrinsic
def float_of_bits(context: Any, bits: Any) -> Any:
    """The fp32 number that has the bits of an int32."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, given: Any) -> Any:
        return builder.bitcast(given[0], F32)

    return types.float32(types.int32), generate


@intrinsic
def power_of_two(context: Any, exponent: Any) -> Any:
    """2^n in fp32 for an int32 n from -126 to 127, without a call."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, given: Any) -> Any:
        return builder.bitcast(builder.shl(builder.add(given[0], I32(127)), I32(23)), F32)

    return types.float32(types.int32), generate


@intrinsic
def atomic_add(context: Any, address: Any, value: Any) -> Any:
    """Add to the int64 at `address`; returns what was there. Everything done before is seen by who sees this."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, given: Any) -> Any:
        return builder.atomic_rmw("add", builder.inttoptr(given[0], I64.as_pointer()), given[1], "acq_rel")

    return types.int64(types.int64, types.int64), generate


@intrinsic
def atomic_exchange(context: Any, address: Any, value: Any) -> Any:
    """Put a value at `address`; returns what was there."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, given: Any) -> Any:
        return builder.atomic_rmw("xchg", builder.inttoptr(given[0], I64.as_pointer()), given[1], "seq_cst")

    return types.int64(types.int64, types.int64), generate


@intrinsic
def atomic_load(context: Any, address: Any) -> Any:
    """The int64 at `address`, and with it all that was written before it."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, given: Any) -> Any:
        return builder.load_atomic(builder.inttoptr(given[0], I64.as_pointer()), "seq_cst", 8)

    return types.int64(types.int64), generate


@intrinsic
def breathe(context: Any) -> Any:
    """A moment in a loop that waits, during which a core that is shared by two threads serves the other."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, given: Any) -> Any:
        if "x86" in llvmlite.binding.get_default_triple():
            kind = ir.FunctionType(ir.VoidType(), [])
            builder.call(cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.sse2.pause"), [])
        return context.get_dummy_value()

    return types.void(), generate


@intrinsic
def give_way(context: Any) -> Any:
    """Let another thread that waits for this core run."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, given: Any) -> Any:
        if os.name == "posix":
            function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(I32, []), "sched_yield")
            builder.call(function, [])
        return context.get_dummy_value()

    return types.void(), generate
