"""Numbers in memory by address, and functions of them that LLVM makes vectors of."""

from __future__ import annotations

import numba
import numpy as np

from upwell.model.stepping.machine_code.compilation import part
from upwell.model.stepping.machine_code.instructions import float_of_bits, pointer, power_of_two


@part
def floats(address, count):
    """`count` fp32 numbers from `address` on."""
    return numba.carray(pointer(address), (count,), np.float32)


@part
def signed_bytes(address, count):
    """`count` int8 numbers from `address` on."""
    return numba.carray(pointer(address), (count,), np.int8)


@part
def integers(address, count):
    """`count` int32 numbers from `address` on."""
    return numba.carray(pointer(address), (count,), np.int32)


@part
def longs(address, count):
    """`count` int64 numbers from `address` on."""
    return numba.carray(pointer(address), (count,), np.int64)


@part
def exp(x):
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


@part
def sigmoid(x):
    """1 / (1 + e^-x) in fp32."""
    return np.float32(1.0) / (np.float32(1.0) + exp(-x))


@part
def tanh(x):
    """The hyperbolic tangent in fp32."""
    return np.float32(1.0) - np.float32(2.0) / (exp(np.float32(2.0) * x) + np.float32(1.0))


@numba.njit(nogil=True, fastmath=True)
def sum_of_squares(x):
    """The sum of squares of fp32 numbers, added in the order that is fastest."""
    total = np.float32(0.0)
    for i in range(len(x)):
        total += x[i] * x[i]
    return total


@numba.njit(nogil=True, fastmath=True)
def dot(a, b):
    """The sum of products of two rows of fp32 numbers, added in the order that is fastest."""
    total = np.float32(0.0)
    for i in range(len(a)):
        total += a[i] * b[i]
    return total


@numba.njit(nogil=True, fastmath=True)
def sum_of(x):
    """The sum of fp32 numbers, added in the order that is fastest."""
    total = np.float32(0.0)
    for i in range(len(x)):
        total += x[i]
    return total


@numba.njit(nogil=True, fastmath=True)
def highest(x):
    """The highest of fp32 numbers."""
    most = np.float32(-3e38)
    for i in range(len(x)):
        most = max(most, x[i])
    return most


@part
def largest(address, count):
    """The largest magnitude of fp32 numbers; their bits without sign are in the same order, and vectors of those are fast."""
    bits = integers(address, count)
    most = np.int32(0)
    for i in range(count):
        most = max(most, bits[i] & np.int32(0x7FFFFFFF))
    return float_of_bits(most)
