"""The operations of a step, on memory by address, each done by several threads side by side.

A program is a table of operations, one a row; every thread runs through all of it, does its share of each operation, and
waits for the others where the next needs what they wrote. So a step is one call, whatever the number of layers. Rows are
the tokens of all texts: text b's token t is row b T + t.

Shapes: B texts, T new tokens, R = B T rows, D width, N outputs, K inputs of a matrix, S slots of a cache, E head width.
"""

from __future__ import annotations

import functools
import hashlib
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np

from upwell.model.stepping.instructions import (
    atomic_add,
    atomic_load,
    breathe,
    float_of_bits,
    give_way,
    lanes,
    pointer,
    power_of_two,
    tile_bfloat16_1,
    tile_bfloat16_4,
    tile_float32_1,
    tile_float32_4,
    tile_int4_1,
    tile_int4_4,
    tile_int8_1,
    tile_int8_4,
    weighted_sum,
)

FIELDS = 20
"""Numbers of an operation: its code, whether all wait after it, and up to 18 arguments."""
FLOAT32, BFLOAT16, INT8, INT4 = range(4)
EMBED, PACK, LINEAR, RECUR, PLACES, ATTEND, UNPACK = range(7)
RNN_TANH, RNN_RELU, LSTM, GRU, MINGRU = range(5)
ROWS_AT_ONCE = 32
"""Rows of inputs that stay in the innermost cache while a matrix passes by."""
SPINS, YIELDS = 2000, 400
"""How often a thread looks again before it gives way, and gives way before it sleeps: about 30 us and 200 us."""


@functools.cache
def _cache_folder() -> str:
    """Where machine code is kept: beside this file, or among the user's caches.

    Its name is drawn from all files here: numba looks at the file of a function alone, not at what that calls in others.
    """
    here = Path(__file__).parent
    mark = hashlib.blake2b(digest_size=8)
    for path in sorted(here.glob("*.py")):
        mark.update(path.read_bytes())
    parent = here if os.access(here, os.W_OK) else Path.home() / ".cache" / "upwell"
    return str(parent / "__pycache__" / f"machine-code-{mark.hexdigest()}")


def compiled(function: Callable[..., Any]) -> Any:
    """`function` in machine code, made at its first call, kept on disk where that can be written."""
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = _cache_folder()
    try:
        return numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})(function)
    except RuntimeError:  # numba found no folder that it may write to
        return numba.njit(nogil=True, error_model="numpy", fastmath={"contract"})(function)
    finally:
        numba.config.CACHE_DIR = before


def _part(function: Callable[..., Any]) -> Any:
    return numba.njit(nogil=True, error_model="numpy", fastmath={"contract"})(function)


@_part
def _floats(address, count):
    return numba.carray(pointer(address), (count,), np.float32)


@_part
def _bytes(address, count):
    return numba.carray(pointer(address), (count,), np.int8)


@_part
def _integers(address, count):
    return numba.carray(pointer(address), (count,), np.int32)


@_part
def _longs(address, count):
    return numba.carray(pointer(address), (count,), np.int64)


@_part
def _exp(x):
    """e^x in fp32, within 2 units in the last place, as operations that LLVM can do on vectors (after Cephes' expf)."""
    x = min(max(x, np.float32(-87.0)), np.float32(88.0))
    n = np.floor(x * np.float32(1.44269504) + np.float32(0.5))
    r = x - n * np.float32(0.693359375)
    r = r + n * np.float32(2.12194440e-4)
    p = np.float32(1.9875691500e-4)
    p = p * r + np.float32(1.3981999507e-3)
    p = p * r + np.float32(8.3334519073e-3)
    p = p * r + np.float32(4.1665795894e-2)
    p = p * r + np.float32(1.6666665459e-1)
    p = p * r + np.float32(5.0000001201e-1)
    return (p * r * r + r + np.float32(1.0)) * power_of_two(np.int32(n))


@_part
def _sigmoid(x):
    return np.float32(1.0) / (np.float32(1.0) + _exp(-x))


@_part
def _tanh(x):
    return np.float32(1.0) - np.float32(2.0) / (_exp(np.float32(2.0) * x) + np.float32(1.0))


@numba.njit(nogil=True, fastmath=True)
def _sum_of_squares(x):
    total = np.float32(0.0)
    for i in range(len(x)):
        total += x[i] * x[i]
    return total


@_part
def _largest(address, count):
    """The largest magnitude of fp32 numbers; their bits without sign are in the same order, and vectors of those are fast."""
    bits = _integers(address, count)
    most = np.int32(0)
    for i in range(count):
        most = max(most, bits[i] & np.int32(0x7FFFFFFF))
    return float_of_bits(most)


@numba.njit(nogil=True, fastmath=True)
def _dot(a, b):
    total = np.float32(0.0)
    for i in range(len(a)):
        total += a[i] * b[i]
    return total


@_part
def wait(barrier, target):
    """Return when all threads have come here: when the count at `barrier` is `target`."""
    atomic_add(barrier, 1)
    looks = 0
    while atomic_load(barrier) < target:
        looks += 1
        if looks < SPINS:
            breathe()
        else:
            give_way()


@_part
def _share(count, unit, thread, threads):
    """First and last of `count` that this thread does, in whole units."""
    units = (count + unit - 1) // unit
    first = units * thread // threads * unit
    last = units * (thread + 1) // threads * unit
    return min(first, count), min(last, count)


@_part
def _pack_row(precision, source, count, out, stride, scales, offsets, offset_stride, row):
    """A row of inputs in the form that tiles of `precision` take; the packed row is `stride` bytes long, filled with zeros.

    In bytes: the largest number is 127, and `scales` and `offsets` get what undoes that: the weights' bytes are without
    sign, so that a row's sum times their zero must be taken off.
    """
    x = _floats(source, count)
    if precision in (FLOAT32, BFLOAT16):
        floats = _floats(out + row * stride, stride // 4)
        for i in range(count):
            floats[i] = x[i]
        for i in range(count, stride // 4):
            floats[i] = np.float32(0.0)
        return
    most = max(_largest(source, count), np.float32(1e-30))
    shrink = np.float32(127.0) / most
    _floats(scales, row + 1)[row] = most / np.float32(127.0)
    packed = _bytes(out + row * stride, stride)
    for i in range(count):
        packed[i] = np.int32(np.floor(x[i] * shrink + np.float32(0.5)))
    for i in range(count, stride):
        packed[i] = np.int8(0)
    if precision == INT8:
        total = np.int32(0)
        for i in range(count):
            total += np.int32(packed[i])
        _integers(offsets, row + 1)[row] = total * np.int32(-128)
    else:
        starts = _integers(offsets + row * offset_stride, offset_stride // 4)
        for i in range(stride // 4):
            starts[i] = np.int32(-8) * (
                np.int32(packed[4 * i])
                + np.int32(packed[4 * i + 1])
                + np.int32(packed[4 * i + 2])
                + np.int32(packed[4 * i + 3])
            )


@_part
def _tiles(precision, w, first, last, inputs, row, rows, raw, raw_stride):
    """Sums of products of weight rows first..last (multiples of 4) with `rows` (1 or 4) rows of inputs from `row` on.

    `w`: the fields of a matrix: address, steps, scales, packed inputs' stride, offsets, their stride.
    """
    address, steps, scales, stride, offsets, offset_stride = w
    for n in range(first, last, 4):
        out = raw + row * raw_stride + 4 * n
        source = inputs + row * stride
        if precision == INT8:
            weights = address + n * steps * 64
            if rows == 4:
                tile_int8_4(weights, 64, 256, source, stride, steps, out, raw_stride)
            else:
                tile_int8_1(weights, 64, 256, source, stride, steps, out, raw_stride)
        elif precision == FLOAT32:
            weights = address + n * steps * 64
            if rows == 4:
                tile_float32_4(weights, 64, 256, source, stride, steps, out, raw_stride)
            else:
                tile_float32_1(weights, 64, 256, source, stride, steps, out, raw_stride)
        elif precision == BFLOAT16:
            weights = address + n * steps * 32
            if rows == 4:
                tile_bfloat16_4(weights, 32, 128, source, stride, steps, out, raw_stride)
            else:
                tile_bfloat16_1(weights, 32, 128, source, stride, steps, out, raw_stride)
        else:
            weights = address + n * steps * 64
            s = scales + n * steps * 8
            o = offsets + row * offset_stride
            if rows == 4:
                tile_int4_4(weights, 64, 256, source, stride, s, o, offset_stride, steps, out, raw_stride)
            else:
                tile_int4_1(weights, 64, 256, source, stride, s, o, offset_stride, steps, out, raw_stride)


@_part
def _multiply(precision, w, inputs, row_scales, bias, raw, raw_stride, out, out_stride, add, first, last, row0, rows):
    """Outputs first..last of rows row0..row0 + rows: out = W x + b, or out += W x."""
    scales, offsets = w[2], w[4]
    count = last - first
    for begin in range(row0, row0 + rows, ROWS_AT_ONCE):
        end = min(begin + ROWS_AT_ONCE, row0 + rows)
        for n in range(first, last, 4):
            row = begin
            while row + 4 <= end:
                _tiles(precision, w, n, n + 4, inputs, row, 4, raw, raw_stride)
                row += 4
            while row < end:
                _tiles(precision, w, n, n + 4, inputs, row, 1, raw, raw_stride)
                row += 1
        for row in range(begin, end):
            y = _floats(out + row * out_stride + 4 * first, count)
            sums = _floats(raw + row * raw_stride + 4 * first, count)
            if precision == INT8:
                whole = _integers(raw + row * raw_stride + 4 * first, count)
                by_output = _floats(scales + 4 * first, count)
                scale, offset = _floats(row_scales, row + 1)[row], _integers(offsets, row + 1)[row]
                for i in range(count):
                    sums[i] = np.float32(whole[i] + offset) * (scale * by_output[i])
            elif precision == INT4:
                scale = _floats(row_scales, row + 1)[row]
                for i in range(count):
                    sums[i] *= scale
            if add:
                for i in range(count):
                    y[i] += sums[i]
            elif bias:
                b = _floats(bias + 4 * first, count)
                for i in range(count):
                    y[i] = sums[i] + b[i]
            elif raw != out:
                for i in range(count):
                    y[i] = sums[i]


@_part
def _embed(op, slots, thread, threads):
    """Rows of a table by token: table, its row's floats, out, out's stride, unit of the share."""
    table, width, out, out_stride, unit = op[2], op[3], op[4], op[5], op[6]
    rows = slots[0] * slots[1]
    tokens = _longs(slots[2], rows)
    first, last = _share(width, unit, thread, threads)
    for row in range(rows):
        source = _floats(table + 4 * tokens[row] * width, width)
        y = _floats(out + row * out_stride, width)
        for i in range(first, last):
            y[i] = source[i]


@_part
def _pack(op, slots, thread, threads):
    """Prepare rows for a matrix: precision, x, its stride, width, norm's scale or 0, packed, stride, scales, offsets, their
    stride, slot of x or 0, whether x is gate and up of an MLP, the thread that begins, scratch, its stride for a thread,
    whether the slot has a row for each text alone.
    """
    precision, x, x_stride, width, scale = op[2], op[3], op[4], op[5], op[6]
    out, stride, scales, offsets, offset_stride = op[7], op[8], op[9], op[10], op[11]
    slot, gated, begins, scratch, scratch_stride = op[12], op[13], op[14], op[15], op[16]
    rows = slots[0] * slots[1]
    if slot:
        x = slots[slot]
    if op[17]:
        rows = slots[0]
    first = (thread - begins) % threads
    spare_place = scratch + thread * scratch_stride
    spare = _floats(spare_place, width)
    for row in range(first, rows, threads):
        place = x + row * x_stride
        given = _floats(place, width)
        if gated:
            gate_up = _floats(x + row * x_stride, 2 * width)
            for i in range(width):
                gate = gate_up[i]
                spare[i] = gate * _sigmoid(gate) * gate_up[width + i]
            place = spare_place
        elif scale:
            by = _floats(scale, width)
            inverse = np.float32(1.0) / np.sqrt(_sum_of_squares(given) / np.float32(width) + np.float32(1e-6))
            for i in range(width):
                spare[i] = given[i] * inverse * by[i]
            place = spare_place
        _pack_row(precision, place, width, out, stride, scales, offsets, offset_stride, row)


@_part
def _linear(op, slots, thread, threads):
    """A matrix: precision, address, steps, scales, outputs, packed inputs, stride, scales, offsets, their stride, bias, raw
    or 0: out itself, raw's stride, out, its stride, slot of out or 0, whether to add, unit of the share.
    """
    precision, outputs = op[2], op[6]
    w = (op[3], op[4], op[5], op[8], op[10], op[11])
    out = slots[op[17]] if op[17] else op[15]
    first, last = _share(outputs, op[19], thread, threads)
    rows = slots[0] * slots[1]
    raw, raw_stride = op[13], op[14]
    if raw == 0:
        raw, raw_stride = out, op[16]
    _multiply(precision, w, op[7], op[9], op[12], raw, raw_stride, out, op[16], op[18], first, last, 0, rows)


@_part
def _lanes():
    return numba.carray(lanes(), (16,), np.float32)


@_part
def _take(out, source, step, count):
    """Up to sixteen numbers from an address on, `step` apart; a whole sixteen is the case that LLVM makes vectors of."""
    given = _floats(source, 16 * step)
    if count == 16:
        for i in range(16):
            out[i] = given[step * i]
    else:
        for i in range(count):
            out[i] = given[step * i]


@_part
def _take_sum(out, source, other, step, count):
    given, added = _floats(source, 16 * step), _floats(other, 16 * step)
    if count == 16:
        for i in range(16):
            out[i] = given[step * i] + added[step * i]
    else:
        for i in range(count):
            out[i] = given[step * i] + added[step * i]


@_part
def _put(target, source, count):
    given = _floats(target, 16)
    if count == 16:
        for i in range(16):
            given[i] = source[i]
    else:
        for i in range(count):
            given[i] = source[i]


@_part
def _cell(kind, per_unit, given, remembered, before, after, first, last):
    """New hidden units first..last of one text, and an LSTM's cells, sixteen at a time.

    `given`: the address of what the input gives, gates of one unit side by side; `remembered`: of what the hidden vector
    gives; `before` and `after`: of hidden and cell. Numbers pass through the stack, where nothing overlaps, so that all arithmetic is on vectors.
    """
    hidden, cell = before
    new_hidden, new_cell = after
    a, b, c, d, e = _lanes(), _lanes(), _lanes(), _lanes(), _lanes()
    for begin in range(first, last, 16):
        count = min(16, last - begin)
        gates, memory = given + 4 * per_unit * begin, remembered + 4 * per_unit * begin
        if kind == LSTM:
            _take_sum(a, gates, memory, 4, count)
            _take_sum(b, gates + 4, memory + 4, 4, count)
            _take_sum(c, gates + 8, memory + 8, 4, count)
            _take_sum(d, gates + 12, memory + 12, 4, count)
            _take(e, cell + 4 * begin, 1, count)
            for i in range(16):
                e[i] = _sigmoid(b[i]) * e[i] + _sigmoid(a[i]) * _tanh(c[i])
                a[i] = _sigmoid(d[i]) * _tanh(e[i])
            _put(new_cell + 4 * begin, e, count)
        elif kind == GRU:
            _take_sum(a, gates, memory, 3, count)
            _take_sum(b, gates + 4, memory + 4, 3, count)
            _take(c, gates + 8, 3, count)
            _take(d, memory + 8, 3, count)
            _take(e, hidden + 4 * begin, 1, count)
            for i in range(16):
                c[i] = _tanh(c[i] + _sigmoid(a[i]) * d[i])
                a[i] = c[i] + _sigmoid(b[i]) * (e[i] - c[i])
        elif kind == MINGRU:
            _take(a, gates, 2, count)
            _take(b, gates + 4, 2, count)
            _take(e, hidden + 4 * begin, 1, count)
            for i in range(16):
                a[i] = e[i] + _sigmoid(a[i]) * (b[i] - e[i])
        else:
            _take_sum(a, gates, memory, 1, count)
            if kind == RNN_TANH:
                for i in range(16):
                    a[i] = _tanh(a[i])
            else:
                for i in range(16):
                    a[i] = max(a[i], np.float32(0.0))
        _put(new_hidden + 4 * begin, a, count)


@_part
def _recur(op, slots, thread, threads, barrier, target):
    """A recurrent mixer over all T steps; returns the count that the barrier has reached.

    kind, width, gates, their stride, memory, its stride, slot of the states (hidden, cell, new hidden, new cell), stream or
    outputs, its stride, precision, matrix (address, steps, scales), bias, packed, stride, scales, offsets, raw. The packed
    hidden vectors at first are those of the states.
    """
    kind, width, gates, gates_stride, memory, memory_stride = op[2], op[3], op[4], op[5], op[6], op[7]
    slot, x, x_stride, precision = op[8], op[9], op[10], op[11]
    bias, packed, stride, scales, offsets = op[15], op[16], op[17], op[18], op[19]
    per_unit = memory_stride // (4 * width)
    texts, steps = slots[0], slots[1]
    w = (op[12], op[13], op[14], stride, offsets, stride)
    first, last = _share(width, 4, thread, threads)
    for t in range(steps):
        if kind != MINGRU:
            _multiply(
                precision, w, packed, scales, bias, memory, memory_stride, memory, memory_stride, False,
                first * per_unit, last * per_unit, 0, texts,
            )  # fmt: skip
        for b in range(texts):
            row = b * steps + t
            source = slot if t == 0 else slot + 2
            place = 4 * b * width
            state = (slots[source] + place, slots[source + 1] + place)
            after = (slots[slot + 2] + place, slots[slot + 3] + place)
            _cell(
                kind, per_unit, gates + row * gates_stride, memory + b * memory_stride, state, after, first, last
            )  # fmt: skip
            y, hidden = _floats(x + row * x_stride, width), _floats(after[0], width)
            if kind == MINGRU:
                for u in range(first, last):
                    y[u] = hidden[u]
            else:
                for u in range(first, last):
                    y[u] += hidden[u]
        if t + 1 < steps and kind != MINGRU:
            target += threads
            wait(barrier, target)
            for b in range(thread, texts, threads):
                hidden = slots[slot + 2] + 4 * b * width
                _pack_row(precision, hidden, width, packed, stride, scales, offsets, stride, b)
            target += threads
            wait(barrier, target)
    return target


@_part
def _places(op, slots, thread, threads):
    """Positions of the tokens in their documents, and cosines and sines of them: token that begins a document or -1, half
    a head's width, base (as bits), positions, cosines, sines. Slots: lengths, new lengths.
    """
    boundary, half = op[2], op[3]
    frequencies = _floats(op[4], half)
    texts, steps = slots[0], slots[1]
    tokens = _longs(slots[2], texts * steps)
    lengths, new_lengths = _longs(slots[4], texts), _longs(slots[5], texts)
    positions = _longs(op[5], texts * steps)
    for b in range(thread, texts, threads):
        position = lengths[b]
        for t in range(steps):
            row = b * steps + t
            if tokens[row] == boundary:
                position = 0
            positions[row] = position
            cosines, sines = _floats(op[6] + 4 * row * half, half), _floats(op[7] + 4 * row * half, half)
            for i in range(half):
                angle = np.float32(position) * frequencies[i]
                cosines[i], sines[i] = np.float32(math.cos(angle)), np.float32(math.sin(angle))
            position += 1
        new_lengths[b] = position


@_part
def _rotate(x, scale, cosines, sines):
    """Norm (where scale is not 0) and turn the pairs (i, i + E/2) of a head, in place."""
    half = len(x) // 2
    if scale:
        by = _floats(scale, len(x))
        inverse = np.float32(1.0) / np.sqrt(_sum_of_squares(x) / np.float32(len(x)) + np.float32(1e-6))
        for i in range(len(x)):
            x[i] = x[i] * inverse * by[i]
    for i in range(half):
        first, second = x[i], x[i + half]
        x[i] = first * cosines[i] - second * sines[i]
        x[i + half] = second * cosines[i] + first * sines[i]


@_part
def _scores(query, query_stride, keys, key_stride, width, rows, count, scores, scores_stride):
    """Products of `rows` (1 or 4) queries with `count` keys, a multiple of 4 at least."""
    if width % 16 == 0:
        for s in range(0, count, 4):
            source, out = keys + s * key_stride, scores + 4 * s
            if rows == 4:
                tile_float32_4(source, key_stride, 64, query, query_stride, width // 16, out, scores_stride)
            else:
                tile_float32_1(source, key_stride, 64, query, query_stride, width // 16, out, scores_stride)
    else:
        for r in range(rows):
            q, out = _floats(query + r * query_stride, width), _floats(scores + r * scores_stride, count)
            for s in range(count):
                out[s] = _dot(q, _floats(keys + s * key_stride, width))


@numba.njit(nogil=True, fastmath=True)
def _highest(x):
    most = np.float32(-3e38)
    for i in range(len(x)):
        most = max(most, x[i])
    return most


@numba.njit(nogil=True, fastmath=True)
def _total(x):
    total = np.float32(0.0)
    for i in range(len(x)):
        total += x[i]
    return total


@_part
def _softmax(scores, scale):
    """Turn scores, in place, into shares that are yet to be multiplied by the number returned."""
    most = _highest(scores)
    for s in range(len(scores)):
        scores[s] = _exp((scores[s] - most) * scale)
    return np.float32(1.0) / _total(scores)


@_part
def _weigh(scores, count, factor, values, value_stride, width, out):
    """At `out`: E numbers, `factor` times the sum of values by their scores."""
    if width % 16 == 0:
        for i in range(0, 4 * width, 64):
            weighted_sum(scores, values + i, value_stride, count, factor, out + i)
        return
    y, shares = _floats(out, width), _floats(scores, count)
    for i in range(width):
        y[i] = np.float32(0.0)
    for s in range(count):
        value, share = _floats(values + s * value_stride, width), factor * shares[s]
        for i in range(width):
            y[i] += share * value[i]


@_part
def _attend(op, slots, thread, threads, barrier, target):
    """Attention of all new tokens; returns the count that the barrier has reached.

    Queries, keys and values side by side, their stride, out, its stride, heads, key/value heads, E, late heads, window or 0,
    query norm, key norm, positions, cosines, sines, slot (keys, values, waiting, new waiting), scratch, its stride for a
    thread. Slots 6 and 7: slots filled before, bytes of a text's cache.
    """
    packed, stride, out, out_stride = op[2], op[3], op[4], op[5]
    heads, kv_heads, width, late, window = op[6], op[7], op[8], op[9], op[10]
    query_norm, key_norm, places, slot, scratch, scratch_stride = op[11], op[12], op[13], op[16], op[17], op[18]
    texts, steps, filled, cache_bytes = slots[0], slots[1], slots[6], slots[7]
    positions = _longs(places, texts * steps)
    half, group, row_bytes = width // 2, heads // kv_heads, 4 * kv_heads * width
    everything = heads + 2 * kv_heads
    for item in range(thread, texts * steps * everything, threads):
        row, head = item // everything, item % everything
        b, t = row // steps, row % steps
        x = _floats(packed + row * stride + 4 * head * width, width)
        cosines, sines = _floats(op[14] + 4 * row * half, half), _floats(op[15] + 4 * row * half, half)
        if head < heads:
            _rotate(x, query_norm, cosines, sines)
            continue
        is_key = head < heads + kv_heads
        number = head - heads if is_key else head - heads - kv_heads
        place = b * cache_bytes + (filled + t) * row_bytes + 4 * number * width
        if not is_key:
            value = _floats(slots[slot + 1] + place, width)
            for i in range(width):
                value[i] = x[i]
            continue
        key = _floats(slots[slot] + place, width)
        if number < kv_heads - late:
            for i in range(width):
                key[i] = x[i]
            _rotate(key, key_norm, cosines, sines)
            continue
        # A late key stands for the next token: this one takes the key of the token before.
        index = 4 * (b * late + number - (kv_heads - late)) * width
        if t + 1 == steps:
            newest = _floats(slots[slot + 3] + index, width)
            for i in range(width):
                newest[i] = x[i]
            if key_norm:
                by = _floats(key_norm, width)
                inverse = np.float32(1.0) / np.sqrt(_sum_of_squares(x) / np.float32(width) + np.float32(1e-6))
                for i in range(width):
                    newest[i] = x[i] * inverse * by[i]
        if positions[row] == 0:
            for i in range(width):
                key[i] = np.float32(0.0)
            continue
        norm = key_norm
        if t == 0:
            before, norm = _floats(slots[slot + 2] + index, width), 0  # waited, normed already
        else:
            before = _floats(packed + (row - 1) * stride + 4 * head * width, width)
        for i in range(width):
            key[i] = before[i]
        _rotate(key, norm, cosines, sines)
    target += threads
    wait(barrier, target)
    scale = np.float32(1.0) / np.sqrt(np.float32(width))
    scores = scratch + thread * scratch_stride
    scores_stride = scratch_stride // 4 // 64 * 64
    blocks = (steps + 3) // 4
    for item in range(thread, texts * blocks * heads, threads):
        head = item % heads
        b, begin = item // heads // blocks, item // heads % blocks * 4
        end = min(begin + 4, steps)
        kv = 4 * (head // group) * width
        keys, values = slots[slot] + b * cache_bytes + kv, slots[slot + 1] + b * cache_bytes + kv
        lowest = filled + steps
        for t in range(begin, end):
            reach = positions[b * steps + t] + 1
            if window:
                reach = min(reach, window)
            lowest = min(lowest, filled + t + 1 - reach)
        lowest = max(lowest, 0)
        row = b * steps + begin
        count = filled + end - lowest
        query = packed + row * stride + 4 * head * width
        source = keys + lowest * row_bytes
        if end - begin == 4:
            _scores(query, stride, source, row_bytes, width, 4, count, scores, scores_stride)
        else:
            for r in range(end - begin):
                _scores(query + r * stride, stride, source, row_bytes, width, 1, count, scores + r * scores_stride, 0)
        for r in range(end - begin):
            t = begin + r
            reach = positions[row + r] + 1
            if window:
                reach = min(reach, window)
            start = max(filled + t + 1 - reach, 0)
            mine, seen = scores + r * scores_stride + 4 * (start - lowest), filled + t + 1 - start
            factor = _softmax(_floats(mine, seen), scale)
            place = out + (row + r) * out_stride + 4 * head * width
            _weigh(mine, seen, factor, values + start * row_bytes, row_bytes, width, place)
    return target


@_part
def _unpack(op, slots, thread, threads):
    """Norm rows: x, stride, width, scale, slot of the result."""
    x, stride, width, scale = op[2], op[3], op[4], op[5]
    out = slots[op[6]]
    by = _floats(scale, width)
    for row in range(thread, slots[0] * slots[1], threads):
        given, y = _floats(x + row * stride, width), _floats(out + 4 * row * width, width)
        inverse = np.float32(1.0) / np.sqrt(_sum_of_squares(given) / np.float32(width) + np.float32(1e-6))
        for i in range(width):
            y[i] = given[i] * inverse * by[i]


@compiled
def run(program, operations, slots, slot_count, thread, threads, barrier, target):
    """Do a thread's share of a program of that many operations, all arguments addresses or counts.

    Returns the count of the barrier, by which the next program begins.
    """
    table = numba.carray(pointer(program), (operations, FIELDS), np.int64)
    values = _longs(slots, slot_count)
    for i in range(operations):
        op = table[i]
        code = op[0]
        if code == LINEAR:
            _linear(op, values, thread, threads)
        elif code == PACK:
            _pack(op, values, thread, threads)
        elif code == RECUR:
            target = _recur(op, values, thread, threads, barrier, target)
        elif code == EMBED:
            _embed(op, values, thread, threads)
        elif code == PLACES:
            _places(op, values, thread, threads)
        elif code == ATTEND:
            target = _attend(op, values, thread, threads, barrier, target)
        else:
            _unpack(op, values, thread, threads)
        if op[1]:
            target += threads
            wait(barrier, target)
    return target
