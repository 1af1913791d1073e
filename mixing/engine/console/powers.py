"""Logarithms and powers of two on lanes, by polynomials: what decibels are made of.

Both are within 2e-7 of the exact value beside the rounding of float32, better than -114 dB.
"""

from __future__ import annotations

from typing import Any, Final

from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit

from mixing.engine.console.simd import Lanes, greater, nearest, unary

_ROOT_HALF_BITS: Final = 0x3F3504F3


def _exponent_bits(builder: Any, value: Any, kind: Lanes) -> tuple[Any, Any]:
    bits = builder.bitcast(value, kind.whole)
    above = builder.sub(bits, ir.Constant(kind.whole, [_ROOT_HALF_BITS] * kind.count))
    return bits, builder.ashr(above, ir.Constant(kind.whole, [23] * kind.count))


def _exponent(builder: Any, value: Any, kind: Lanes) -> Any:
    return builder.sitofp(_exponent_bits(builder, value, kind)[1], kind.ll)


def _mantissa(builder: Any, value: Any, kind: Lanes) -> Any:
    bits, exponent = _exponent_bits(builder, value, kind)
    shifted = builder.shl(exponent, ir.Constant(kind.whole, [23] * kind.count))
    return builder.bitcast(builder.sub(bits, shifted), kind.ll)


def _power(builder: Any, value: Any, kind: Lanes) -> Any:
    exponent = builder.add(builder.fptosi(value, kind.whole), ir.Constant(kind.whole, [127] * kind.count))
    return builder.bitcast(builder.shl(exponent, ir.Constant(kind.whole, [23] * kind.count)), kind.ll)


exponent: Final[Any] = unary(_exponent)
"""Of positive float32: the whole e with x = mantissa · 2^e; about -127 for zero."""
mantissa: Final[Any] = unary(_mantissa)
"""Of positive float32: between √½ and √2."""
power: Final[Any] = unary(_power)
"""2^n for whole n of -126 to 127, float32."""


@njit(nogil=True)
def log2(x: Any) -> Any:
    """Of positive float32, to 1.5e-7 beside the rounding; about -127 for zero."""
    t = mantissa(x) - 1.0
    p = 0.234209851130273 - 0.14620353413092335 * t
    p = -0.24882180564314121 + p * t
    p = 0.2870756111638198 + p * t
    p = -0.3602419859065314 + p * t
    p = 0.4809240385772399 + p * t
    p = -0.7213527587652884 + p * t
    p = 1.442694957995563 + p * t
    return exponent(x) + t * p


@njit(nogil=True)
def exp2(x: Any) -> Any:
    """Of float32 up to 127, to 2.1e-7 of the value; exactly 1 for 0, and 2^-126 for everything below -126."""
    inside = greater(x, -126.0)
    whole = nearest(inside)
    t = inside - whole
    p = 0.009666373693209348 + 0.001339086735092239 * t
    p = 0.055503571042543544 + p * t
    p = 0.24022348940946942 + p * t
    p = 0.6931471880293418 + p * t
    return power(whole) * (1.0 + t * p)
