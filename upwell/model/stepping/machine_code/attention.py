"""Attention: positions, keys and values put into their caches, and what queries take from those."""

from __future__ import annotations

import math

import numpy as np

from upwell.model.stepping.machine_code.compilation import part
from upwell.model.stepping.machine_code.instructions import weighted_sum
from upwell.model.stepping.machine_code.sharing import wait
from upwell.model.stepping.machine_code.tiles import dots_1, dots_4
from upwell.model.stepping.machine_code.vectors import dot, exp, floats, highest, longs, sum_of, sum_of_squares


@part
def find_places(op, slots, thread, threads):
    """Positions of the tokens in their documents, and cosines and sines of them: token that begins a document or -1, half
    a head's width, base (as bits), positions, cosines, sines. Slots: lengths, new lengths.
    """
    boundary, half = op[2], op[3]
    frequencies = floats(op[4], half)
    texts, steps = slots[0], slots[1]
    tokens = longs(slots[2], texts * steps)
    lengths, new_lengths = longs(slots[4], texts), longs(slots[5], texts)
    positions = longs(op[5], texts * steps)
    for b in range(thread, texts, threads):
        position = lengths[b]
        for t in range(steps):
            row = b * steps + t
            if tokens[row] == boundary:
                position = 0
            positions[row] = position
            cosines, sines = floats(op[6] + 4 * row * half, half), floats(op[7] + 4 * row * half, half)
            for i in range(half):
                angle = np.float32(position) * frequencies[i]
                cosines[i], sines[i] = np.float32(math.cos(angle)), np.float32(math.sin(angle))
            position += 1
        new_lengths[b] = position


@part
def _rotate(x, scale, cosines, sines):
    """Norm (where scale is not 0) and turn the pairs (i, i + E/2) of a head, in place."""
    half = len(x) // 2
    if scale:
        by = floats(scale, len(x))
        inverse = np.float32(1.0) / np.sqrt(sum_of_squares(x) / np.float32(len(x)) + np.float32(1e-6))
        for i in range(len(x)):
            x[i] = x[i] * inverse * by[i]
    for i in range(half):
        first, second = x[i], x[i + half]
        x[i] = first * cosines[i] - second * sines[i]
        x[i + half] = second * cosines[i] + first * sines[i]


@part
def _scores(query, query_stride, keys, key_stride, width, rows, count, scores, scores_stride):
    """Products of `rows` (1 or 4) queries with `count` keys, a multiple of 4 at least."""
    if width % 16 == 0:
        for s in range(0, count, 4):
            source, out = keys + s * key_stride, scores + 4 * s
            if rows == 4:
                dots_4(source, key_stride, query, query_stride, width // 16, out, scores_stride)
            else:
                dots_1(source, key_stride, query, query_stride, width // 16, out, scores_stride)
    else:
        for r in range(rows):
            q, out = floats(query + r * query_stride, width), floats(scores + r * scores_stride, count)
            for s in range(count):
                out[s] = dot(q, floats(keys + s * key_stride, width))


@part
def _softmax(scores, scale):
    """Turn scores, in place, into shares that are yet to be multiplied by the number returned."""
    most = highest(scores)
    for s in range(len(scores)):
        scores[s] = exp((scores[s] - most) * scale)
    return np.float32(1.0) / sum_of(scores)


@part
def _weigh(scores, count, factor, values, value_stride, width, out):
    """At `out`: E numbers, `factor` times the sum of values by their scores."""
    if width % 16 == 0:
        for i in range(0, 4 * width, 64):
            weighted_sum(scores, values + i, value_stride, count, factor, out + i)
        return
    y, shares = floats(out, width), floats(scores, count)
    for i in range(width):
        y[i] = np.float32(0.0)
    for s in range(count):
        value, share = floats(values + s * value_stride, width), factor * shares[s]
        for i in range(width):
            y[i] += share * value[i]


@part
def attend(op, slots, thread, threads, barrier, target):
    """Attention of all new tokens; returns the count that the barrier has reached.

    Queries, keys and values side by side, their stride, out, its stride, heads, key/value heads, E, late heads, window or 0,
    query norm, key norm, positions, cosines, sines, slot (keys, values, waiting, new waiting), scratch, its stride for a
    thread. Slots 6 and 7: slots filled before, bytes of a text's cache.
    """
    packed, stride, out, out_stride = op[2], op[3], op[4], op[5]
    heads, kv_heads, width, late, window = op[6], op[7], op[8], op[9], op[10]
    query_norm, key_norm, places, slot, scratch, scratch_stride = op[11], op[12], op[13], op[16], op[17], op[18]
    texts, steps, filled, cache_bytes = slots[0], slots[1], slots[6], slots[7]
    positions = longs(places, texts * steps)
    half, group, row_bytes = width // 2, heads // kv_heads, 4 * kv_heads * width
    everything = heads + 2 * kv_heads
    for item in range(thread, texts * steps * everything, threads):
        row, head = item // everything, item % everything
        b, t = row // steps, row % steps
        x = floats(packed + row * stride + 4 * head * width, width)
        cosines, sines = floats(op[14] + 4 * row * half, half), floats(op[15] + 4 * row * half, half)
        if head < heads:
            _rotate(x, query_norm, cosines, sines)
            continue
        is_key = head < heads + kv_heads
        number = head - heads if is_key else head - heads - kv_heads
        place = b * cache_bytes + (filled + t) * row_bytes + 4 * number * width
        if not is_key:
            value = floats(slots[slot + 1] + place, width)
            for i in range(width):
                value[i] = x[i]
            continue
        key = floats(slots[slot] + place, width)
        if number < kv_heads - late:
            for i in range(width):
                key[i] = x[i]
            _rotate(key, key_norm, cosines, sines)
            continue
        # A late key stands for the next token: this one takes the key of the token before.
        index = 4 * (b * late + number - (kv_heads - late)) * width
        if t + 1 == steps:
            newest = floats(slots[slot + 3] + index, width)
            for i in range(width):
                newest[i] = x[i]
            if key_norm:
                by = floats(key_norm, width)
                inverse = np.float32(1.0) / np.sqrt(sum_of_squares(x) / np.float32(width) + np.float32(1e-6))
                for i in range(width):
                    newest[i] = x[i] * inverse * by[i]
        if positions[row] == 0:
            for i in range(width):
                key[i] = np.float32(0.0)
            continue
        norm = key_norm
        if t == 0:
            before, norm = floats(slots[slot + 2] + index, width), 0  # waited, normed already
        else:
            before = floats(packed + (row - 1) * stride + 4 * head * width, width)
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
            factor = _softmax(floats(mine, seen), scale)
            place = out + (row + r) * out_stride + 4 * head * width
            _weigh(mine, seen, factor, values + start * row_bytes, row_bytes, width, place)
    return target
