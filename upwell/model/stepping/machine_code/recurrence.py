"""Recurrent mixers: units of a cell, step after step."""

from __future__ import annotations

import numba
import numpy as np

from upwell.model.stepping.machine_code.codes import GRU, LSTM, MINGRU, RNN_TANH
from upwell.model.stepping.machine_code.compilation import part
from upwell.model.stepping.machine_code.instructions import lanes
from upwell.model.stepping.machine_code.products import multiply, pack_row
from upwell.model.stepping.machine_code.sharing import share, wait
from upwell.model.stepping.machine_code.vectors import floats, sigmoid, tanh


@part
def _lanes():
    return numba.carray(lanes(), (16,), np.float32)


@part
def _take(out, source, count):
    """Up to sixteen numbers from an address on; a whole sixteen is the case that LLVM makes vectors of."""
    given = floats(source, 16)
    if count == 16:
        for i in range(16):
            out[i] = given[i]
    else:
        for i in range(count):
            out[i] = given[i]


@part
def _take_sum(out, source, other):
    given, added = floats(source, 16), floats(other, 16)
    for i in range(16):
        out[i] = given[i] + added[i]


@part
def _put(target, source, count):
    given = floats(target, 16)
    if count == 16:
        for i in range(16):
            given[i] = source[i]
    else:
        for i in range(count):
            given[i] = source[i]


@part
def _cell(kind, per_unit, given, remembered, before, after, first, last):
    """New hidden units first..last of one text, and an LSTM's cells, sixteen at a time.

    `given`: the address of what the input gives, of each sixteen units one gate after the other; `remembered`: of what the
    hidden vector gives; `before` and `after`: of hidden and cell. Numbers pass through the stack, where nothing overlaps, so
    that all arithmetic is on vectors.
    """
    hidden, cell = before
    new_hidden, new_cell = after
    a, b, c, d, e = _lanes(), _lanes(), _lanes(), _lanes(), _lanes()
    for begin in range(first, last, 16):
        count = min(16, last - begin)
        gates, memory = given + 4 * per_unit * begin, remembered + 4 * per_unit * begin
        if kind == LSTM:
            _take_sum(a, gates, memory)
            _take_sum(b, gates + 64, memory + 64)
            _take_sum(c, gates + 128, memory + 128)
            _take_sum(d, gates + 192, memory + 192)
            _take(e, cell + 4 * begin, count)
            for i in range(16):
                e[i] = sigmoid(b[i]) * e[i] + sigmoid(a[i]) * tanh(c[i])
                a[i] = sigmoid(d[i]) * tanh(e[i])
            _put(new_cell + 4 * begin, e, count)
        elif kind == GRU:
            _take_sum(a, gates, memory)
            _take_sum(b, gates + 64, memory + 64)
            _take(c, gates + 128, 16)
            _take(d, memory + 128, 16)
            _take(e, hidden + 4 * begin, count)
            for i in range(16):
                c[i] = tanh(c[i] + sigmoid(a[i]) * d[i])
                a[i] = c[i] + sigmoid(b[i]) * (e[i] - c[i])
        elif kind == MINGRU:
            _take(a, gates, 16)
            _take(b, gates + 64, 16)
            _take(e, hidden + 4 * begin, count)
            for i in range(16):
                a[i] = e[i] + sigmoid(a[i]) * (b[i] - e[i])
        else:
            _take_sum(a, gates, memory)
            if kind == RNN_TANH:
                for i in range(16):
                    a[i] = tanh(a[i])
            else:
                for i in range(16):
                    a[i] = max(a[i], np.float32(0.0))
        _put(new_hidden + 4 * begin, a, count)


@part
def recur(op, slots, thread, threads, barrier, target):
    """A recurrent mixer over all T steps; returns the count that the barrier has reached.

    kind, width, gates, their stride, memory, its stride, slot of the states (hidden, cell, new hidden, new cell), stream or
    outputs, its stride, gates of a unit, precision, matrix (address, steps, scales), bias, packed, stride, scales, offsets. The
    packed hidden vectors at first are those of the states.
    """
    kind, width, gates, gates_stride, memory, memory_stride = op[2], op[3], op[4], op[5], op[6], op[7]
    slot, x, x_stride, per_unit, precision = op[8], op[9], op[10], op[11], op[12]
    bias, packed, stride, scales, offsets = op[16], op[17], op[18], op[19], op[20]
    texts, steps = slots[0], slots[1]
    w = (op[13], op[14], op[15], stride, offsets, stride)
    first, last = share(width, 16, thread, threads)
    last_gate = per_unit * ((last + 15) // 16 * 16)
    for t in range(steps):
        if kind != MINGRU:
            multiply(
                precision, w, packed, scales, bias, memory, memory_stride, memory, memory_stride, False,
                first * per_unit, last_gate, 0, texts,
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
            y, hidden = floats(x + row * x_stride, width), floats(after[0], width)
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
                pack_row(precision, hidden, width, packed, stride, scales, offsets, stride, b)
            target += threads
            wait(barrier, target)
    return target
