"""Vectors from the bytes of files and back: whole numbers of 16 and 24 bit, and float32."""

from __future__ import annotations

from typing import Any, Final

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

from mixing.engine.console.simd import Lanes, element, inside_of_kernels, mask

_I8, _I32 = ir.IntType(8), ir.IntType(32)


def _unpacker(stored_bytes: int) -> Any:
    """Sixteen little-endian integers from bytes at an index, as float32; those of 24 bit come times 256."""

    def unpack(typingctx: Any, data: Any, index: Any) -> Any:
        kind = Lanes(32, 16)

        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            place = element(context, builder, sig.args[0], args[0], args[1])
            if stored_bytes == 3:
                whole = _from_24_bit(builder, place)
            else:
                short = ir.VectorType(ir.IntType(8 * stored_bytes), 16)
                loaded = builder.load(builder.bitcast(place, short.as_pointer()))
                loaded.align = 1
                if stored_bytes == 4:
                    return builder.bitcast(loaded, kind.ll)
                whole = builder.sext(loaded, kind.whole)
            return builder.sitofp(whole, kind.ll)

        return kind(data, types.intp), codegen

    return intrinsic(unpack)


def _from_24_bit(builder: Any, place: Any) -> Any:
    loaded = builder.load(builder.bitcast(place, ir.VectorType(_I8, 64).as_pointer()))
    loaded.align = 1
    nothing = ir.Constant(ir.VectorType(_I8, 64), [0] * 64)
    spread = [index for sample in range(16) for index in (64, 3 * sample, 3 * sample + 1, 3 * sample + 2)]
    return builder.bitcast(builder.shuffle_vector(loaded, nothing, mask(spread)), ir.VectorType(_I32, 16))


unpack_16: Final[Any] = _unpacker(2)
unpack_24: Final[Any] = _unpacker(3)
"""Reads 64 bytes for the 48 that it needs: buffers are padded."""
unpack_float: Final[Any] = _unpacker(4)


@inside_of_kernels
def pack_24(typingctx: Any, data: Any, index: Any, vector: Any) -> Any:
    """Put sixteen whole numbers, within 24 bit, as 48 bytes at ``data[index]``; writes 64, the last 16 zero."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        packed = ir.VectorType(_I8, 64)
        loose = builder.bitcast(builder.fptosi(args[2], vector.whole), packed)
        tight = [index for sample in range(16) for index in (4 * sample, 4 * sample + 1, 4 * sample + 2)]
        nothing = ir.Constant(packed, [0] * 64)
        place = builder.bitcast(element(context, builder, sig.args[0], args[0], args[1]), packed.as_pointer())
        builder.store(builder.shuffle_vector(loose, nothing, mask(tight + [64] * 16)), place).align = 1
        return context.get_dummy_value()

    return types.void(data, types.intp, vector), codegen
