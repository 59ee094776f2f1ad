"""What LLVM can do and numba has no word for: memory by address, bits as numbers, sums by weights, waiting between threads."""

from __future__ import annotations

import os
from typing import Any

import llvmlite.binding
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from upwell.model.stepping.machine_code.llvm import (
    F32,
    I32,
    I64,
    LANES,
    add_product,
    load,
    splat,
    spread,
    store,
    vector,
)

CHAINS = 4
"""Sums that are added up side by side."""


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
        totals = [cgutils.alloca_once(builder, vector(F32)) for _ in range(CHAINS)]
        for slot in totals:
            builder.store(splat(F32, 0.0), slot)

        def add(index: ir.Value, slot: ir.Value) -> None:
            score = spread(builder, load(builder, scores, builder.mul(index, I64(4)), F32))
            add_product(builder, slot, score, load(builder, values, builder.mul(index, stride), vector(F32)))

        whole = builder.sdiv(count, I64(CHAINS))
        with cgutils.for_range(builder, whole) as loop:
            for n, slot in enumerate(totals):
                add(builder.add(builder.mul(loop.index, I64(CHAINS)), I64(n)), slot)
        done = builder.mul(whole, I64(CHAINS))
        with cgutils.for_range(builder, builder.sub(count, done)) as loop:
            add(builder.add(done, loop.index), totals[0])
        a, b, c, d = (builder.load(slot) for slot in totals)
        result = builder.fmul(builder.fadd(builder.fadd(a, b), builder.fadd(c, d)), spread(builder, factor))
        store(builder, result, out)
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
