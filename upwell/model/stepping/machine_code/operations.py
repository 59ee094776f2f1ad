"""The operations of a step, on memory by address, each done by several threads side by side.

A program is a table of operations, one a row; every thread runs through all of it, does its share of each operation, and
waits for the others where the next needs what they wrote. So a step is one call, whatever the number of layers. Rows are
the tokens of all texts: text b's token t is row b T + t.

Shapes, here and in the modules beside: B texts, T new tokens, R = B T rows, D width, N outputs, K inputs of a matrix, S slots
of a cache, E head width.
"""

from __future__ import annotations

import numba
import numpy as np

from upwell.model.stepping.machine_code.attention import attend, find_places
from upwell.model.stepping.machine_code.codes import ATTEND, EMBED, FIELDS, LINEAR, PACK, PLACES, RECUR
from upwell.model.stepping.machine_code.compilation import compiled, part
from upwell.model.stepping.machine_code.instructions import pointer
from upwell.model.stepping.machine_code.products import linear, pack
from upwell.model.stepping.machine_code.recurrence import recur
from upwell.model.stepping.machine_code.sharing import share, wait
from upwell.model.stepping.machine_code.vectors import floats, longs, sum_of_squares


@part
def _embed(op, slots, thread, threads):
    """Rows of a table by token: table, its row's floats, out, out's stride, unit of the share."""
    table, width, out, out_stride, unit = op[2], op[3], op[4], op[5], op[6]
    rows = slots[0] * slots[1]
    tokens = longs(slots[2], rows)
    first, last = share(width, unit, thread, threads)
    for row in range(rows):
        source = floats(table + 4 * tokens[row] * width, width)
        y = floats(out + row * out_stride, width)
        for i in range(first, last):
            y[i] = source[i]


@part
def _unpack(op, slots, thread, threads):
    """Norm rows: x, stride, width, scale, slot of the result."""
    x, stride, width, scale = op[2], op[3], op[4], op[5]
    out = slots[op[6]]
    by = floats(scale, width)
    for row in range(thread, slots[0] * slots[1], threads):
        given, y = floats(x + row * stride, width), floats(out + 4 * row * width, width)
        inverse = np.float32(1.0) / np.sqrt(sum_of_squares(given) / np.float32(width) + np.float32(1e-6))
        for i in range(width):
            y[i] = given[i] * inverse * by[i]


@compiled
def run(program, operations, slots, slot_count, thread, threads, barrier, target):
    """Do a thread's share of a program of that many operations, all arguments addresses or counts.

    Returns the count of the barrier, by which the next program begins.
    """
    table = numba.carray(pointer(program), (operations, FIELDS), np.int64)
    values = longs(slots, slot_count)
    for i in range(operations):
        op = table[i]
        code = op[0]
        if code == LINEAR:
            linear(op, values, thread, threads)
        elif code == PACK:
            pack(op, values, thread, threads)
        elif code == RECUR:
            target = recur(op, values, thread, threads, barrier, target)
        elif code == EMBED:
            _embed(op, values, thread, threads)
        elif code == PLACES:
            find_places(op, values, thread, threads)
        elif code == ATTEND:
            target = attend(op, values, thread, threads, barrier, target)
        else:
            _unpack(op, values, thread, threads)
        if op[1]:
            target += threads
            wait(barrier, target)
    return target
