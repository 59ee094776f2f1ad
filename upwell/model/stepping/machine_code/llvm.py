"""Words of LLVM that instructions are written in: vectors, and memory by address."""

from __future__ import annotations

import llvmlite.binding
from llvmlite import ir
from numba.core import cgutils

F32, I8, I16, I32, I64 = ir.FloatType(), ir.IntType(8), ir.IntType(16), ir.IntType(32), ir.IntType(64)
LANES = 16
HAS_VNNI = bool(llvmlite.binding.get_host_cpu_features().get("avx512vnni"))
"""Whether four products of bytes are summed by one instruction; otherwise by a few, with the same result."""


def vector(kind: ir.Type, lanes: int = LANES) -> ir.VectorType:
    """A vector of so many numbers."""
    return ir.VectorType(kind, lanes)


def splat(kind: ir.Type, value: float, lanes: int = LANES) -> ir.Constant:
    """A vector of equal constants."""
    return ir.Constant(vector(kind, lanes), [value] * lanes)


def spread(builder: ir.IRBuilder, value: ir.Value) -> ir.Value:
    """A vector of sixteen times `value`."""
    kind = vector(value.type)
    one = builder.insert_element(ir.Constant(kind, ir.Undefined), value, I32(0))
    return shuffle(builder, one, one, [0] * LANES)


def load(builder: ir.IRBuilder, address: ir.Value, offset: ir.Value | int, kind: ir.Type) -> ir.Value:
    """What lies `offset` bytes behind an address."""
    offset = I64(offset) if isinstance(offset, int) else offset
    return builder.load(builder.inttoptr(builder.add(address, offset), kind.as_pointer()), align=1)


def store(builder: ir.IRBuilder, value: ir.Value, address: ir.Value) -> None:
    """Put a vector at an address."""
    builder.store(value, builder.inttoptr(address, value.type.as_pointer()), align=4)


def shuffle(builder: ir.IRBuilder, a: ir.Value, b: ir.Value, lanes: list[int]) -> ir.Value:
    """The numbers of two vectors in other places."""
    return builder.shuffle_vector(a, b, ir.Constant(vector(I32, len(lanes)), lanes))


def widened_bf16(builder: ir.IRBuilder, half: ir.Value) -> ir.Value:
    """Sixteen bf16 numbers as fp32, of which bf16 is the upper half."""
    wide = builder.shl(builder.zext(half, vector(I32)), splat(I32, 16))
    return builder.bitcast(wide, vector(F32))


def add_product(builder: ir.IRBuilder, slot: ir.Value, a: ir.Value, b: ir.Value) -> None:
    """Add a b to the fp32 vector in `slot`, as one operation where the processor has it."""
    product = builder.fmul(a, b, flags=("contract",))
    builder.store(builder.fadd(builder.load(slot), product, flags=("contract",)), slot)


def add_byte_products(builder: ir.IRBuilder, total: ir.Value, unsigned: ir.Value, signed: ir.Value) -> ir.Value:
    """total (16 x i32) and the sums of four neighbouring products of 64 unsigned with 64 signed bytes."""
    if HAS_VNNI:
        wide, fine = vector(I32), vector(I8, 4 * LANES)
        operand = fine if llvmlite.binding.llvm_version_info[0] >= 22 else wide
        kind = ir.FunctionType(wide, [wide, operand, operand])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.avx512.vpdpbusd.512")
        return builder.call(function, [total, builder.bitcast(unsigned, operand), builder.bitcast(signed, operand)])
    u, s = builder.zext(unsigned, vector(I16, 64)), builder.sext(signed, vector(I16, 64))
    pairs = None
    for first in (0, 1):
        lanes = list(range(first, 64, 2))
        product = builder.mul(
            builder.sext(shuffle(builder, u, u, lanes), vector(I32, 32)),
            builder.sext(shuffle(builder, s, s, lanes), vector(I32, 32)),
        )
        pairs = product if pairs is None else builder.add(pairs, product)
    even, odd = (shuffle(builder, pairs, pairs, list(range(first, 32, 2))) for first in (0, 1))
    return builder.add(total, builder.add(even, odd))
