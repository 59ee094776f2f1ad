"""Products of matrices with rows of inputs: the rows made ready, then tiles of outputs."""

from __future__ import annotations

import numpy as np

from upwell.model.stepping.machine_code.codes import BFLOAT16, FLOAT32, INT4, INT8
from upwell.model.stepping.machine_code.compilation import part
from upwell.model.stepping.machine_code.llvm import LANES
from upwell.model.stepping.machine_code.sharing import share
from upwell.model.stepping.machine_code.tiles import (
    BFLOAT16_TILES,
    FLOAT32_TILES,
    INT4_TILES,
    INT8_TILES,
    PANELS,
    ROWS,
)
from upwell.model.stepping.machine_code.vectors import floats, integers, largest, sigmoid, signed_bytes, sum_of_squares
from upwell.model.stepping.packing import GROUP

ROWS_AT_ONCE = 32
"""Rows of inputs that stay in the innermost cache while a matrix passes by."""


@part
def pack_row(precision, source, count, out, stride, scales, offsets, offset_stride, row):
    """A row of inputs in the form that tiles of `precision` take; the packed row is `stride` bytes long, filled with zeros.

    In bytes: the largest number is 127, and `scales` and `offsets` get what undoes that: the weights' bytes are without
    sign, so that a row's sum times their zero must be taken off.
    """
    x = floats(source, count)
    if precision in (FLOAT32, BFLOAT16):
        y = floats(out + row * stride, stride // 4)
        for i in range(count):
            y[i] = x[i]
        for i in range(count, stride // 4):
            y[i] = np.float32(0.0)
        return
    most = max(largest(source, count), np.float32(1e-30))
    shrink = np.float32(127.0) / most
    floats(scales, row + 1)[row] = most / np.float32(127.0)
    packed = signed_bytes(out + row * stride, stride)
    for i in range(count):
        packed[i] = np.int32(np.floor(x[i] * shrink + np.float32(0.5)))
    for i in range(count, stride):
        packed[i] = np.int8(0)
    if precision == INT8:
        total = np.int32(0)
        for i in range(count):
            total += np.int32(packed[i])
        integers(offsets, row + 1)[row] = total * np.int32(-128)
    else:
        groups = stride // GROUP
        starts = integers(offsets + row * offset_stride, groups)
        for group in range(groups):
            total = np.int32(0)
            for i in range(GROUP * group, GROUP * (group + 1)):
                total += np.int32(packed[i])
            starts[group] = total * np.int32(-8)


def _of_shape(tiles):
    """The tile of `tiles` that is large or not, with many rows or one, all of the same arguments."""
    small, small_many, large_one, large_many = tiles

    @part
    def choose(large, many, weights, panel, source, stride, steps, out, out_stride):
        if large and many:
            large_many(weights, panel, source, stride, steps, out, out_stride)
        elif large:
            large_one(weights, panel, source, stride, steps, out, out_stride)
        elif many:
            small_many(weights, panel, source, stride, steps, out, out_stride)
        else:
            small(weights, panel, source, stride, steps, out, out_stride)

    return choose


_float32, _bfloat16, _int8 = map(_of_shape, (FLOAT32_TILES, BFLOAT16_TILES, INT8_TILES))
_int4_small, _int4_small_many, _int4_large, _int4_large_many = INT4_TILES


@part
def _tile(precision, w, output, large, inputs, row, many, raw, raw_stride):
    """Sums of products of one panel of outputs, or of four where it is `large`, with one row of inputs, or four where there
    are `many`.

    `w`: the fields of a matrix: address, steps, scales, packed inputs' stride, offsets, their stride.
    """
    address, steps, scales, stride, offsets, offset_stride = w
    out, source = raw + row * raw_stride + 4 * output, inputs + row * stride
    number = output // LANES
    if precision == INT8:
        _int8(large, many, address + 256 * steps * number, 256 * steps, source, stride, steps, out, raw_stride)
    elif precision == FLOAT32:
        _float32(large, many, address + 256 * steps * number, 256 * steps, source, stride, steps, out, raw_stride)
    elif precision == BFLOAT16:
        _bfloat16(large, many, address + 128 * steps * number, 128 * steps, source, stride, steps, out, raw_stride)
    else:
        panel, by = 512 * steps, 64 * steps
        weights, s, o = address + panel * number, scales + by * number, offsets + row * offset_stride
        if large and many:
            _int4_large_many(weights, panel, source, stride, s, by, o, offset_stride, steps, out, raw_stride)
        elif large:
            _int4_large(weights, panel, source, stride, s, by, o, offset_stride, steps, out, raw_stride)
        elif many:
            _int4_small_many(weights, panel, source, stride, s, by, o, offset_stride, steps, out, raw_stride)
        else:
            _int4_small(weights, panel, source, stride, s, by, o, offset_stride, steps, out, raw_stride)


@part
def multiply(precision, w, inputs, row_scales, bias, raw, raw_stride, out, out_stride, add, first, last, row0, rows):
    """Outputs first..last (of which first begins a panel) of rows row0..row0 + rows: out = W x + b, or out += W x.

    `raw` has room for whole panels. The last tile of four panels does some outputs again where their number is not a multiple.
    """
    scales, offsets = w[2], w[4]
    count = last - first
    panels = (count + LANES - 1) // LANES
    large = panels >= PANELS
    width = PANELS if large else 1
    for begin in range(row0, row0 + rows, ROWS_AT_ONCE):
        end = min(begin + ROWS_AT_ONCE, row0 + rows)
        for n in range(0, panels, width):
            output = first + LANES * min(n, panels - width)
            row = begin
            while row < end:
                many = row + ROWS <= end
                _tile(precision, w, output, large, inputs, row, many, raw, raw_stride)
                row += ROWS if many else 1
        for row in range(begin, end):
            y = floats(out + row * out_stride + 4 * first, count)
            sums = floats(raw + row * raw_stride + 4 * first, count)
            if precision == INT8:
                whole = integers(raw + row * raw_stride + 4 * first, count)
                by_output = floats(scales + 4 * first, count)
                scale, offset = floats(row_scales, row + 1)[row], integers(offsets, row + 1)[row]
                for i in range(count):
                    sums[i] = np.float32(whole[i] + offset) * (scale * by_output[i])
            elif precision == INT4:
                scale = floats(row_scales, row + 1)[row]
                for i in range(count):
                    sums[i] *= scale
            if add:
                for i in range(count):
                    y[i] += sums[i]
            elif bias:
                b = floats(bias + 4 * first, count)
                for i in range(count):
                    y[i] = sums[i] + b[i]
            elif raw != out:
                for i in range(count):
                    y[i] = sums[i]


@part
def pack(op, slots, thread, threads):
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
    spare = floats(spare_place, width)
    for row in range(first, rows, threads):
        place = x + row * x_stride
        given = floats(place, width)
        if gated:
            gate_up = floats(x + row * x_stride, 2 * width)
            for i in range(width):
                gate = gate_up[i]
                spare[i] = gate * sigmoid(gate) * gate_up[width + i]
            place = spare_place
        elif scale:
            by = floats(scale, width)
            inverse = np.float32(1.0) / np.sqrt(sum_of_squares(given) / np.float32(width) + np.float32(1e-6))
            for i in range(width):
                spare[i] = given[i] * inverse * by[i]
            place = spare_place
        pack_row(precision, place, width, out, stride, scales, offsets, offset_stride, row)


@part
def linear(op, slots, thread, threads):
    """A matrix: precision, address, steps, scales, outputs, packed inputs, stride, scales, offsets, their stride, bias, raw
    or 0: out itself, raw's stride, out, its stride, slot of out or 0, whether to add, unit of the share.
    """
    precision, outputs = op[2], op[6]
    w = (op[3], op[4], op[5], op[8], op[10], op[11])
    out = slots[op[17]] if op[17] else op[15]
    first, last = share(outputs, op[19], thread, threads)
    rows = slots[0] * slots[1]
    raw, raw_stride = op[13], op[14]
    if raw == 0:
        raw, raw_stride = out, op[16]
    multiply(precision, w, op[7], op[9], op[12], raw, raw_stride, out, op[16], op[18], first, last, 0, rows)
