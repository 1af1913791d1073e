"""Numbers below the normal range, kept out of the kernels.

When sound ends, a filter's memory decays through subnormal numbers, on which processors are some seventy times slower,
and may stay there for ever. Inside of a kernel they count as zero: the processor's own switch is set at the entry and
put back at the exit, since the thread belongs to the caller.
"""

from __future__ import annotations

import platform
from typing import Any, Final

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_MACHINE: Final = platform.machine().lower()
_X86_FLUSH: Final = 0x8040
"""MXCSR: bit 15 flushes results to zero, bit 6 takes subnormal operands as zero."""
_ARM_FLUSH: Final = 1 << 24
"""FPCR: bit 24 flushes operands and results to zero."""


def _flush_to_zero(typingctx: Any) -> Any:
    """Count subnormal numbers as zero from here on; answers the mode that was."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if _MACHINE in ("x86_64", "amd64"):
            slot = cgutils.alloca_once(builder, ir.IntType(32))  # type: ignore[no-untyped-call]
            builder.call(_x86(builder, "stmxcsr"), [_as_bytes(builder, slot)])
            before = builder.load(slot)
            builder.store(builder.or_(before, ir.Constant(ir.IntType(32), _X86_FLUSH)), slot)
            builder.call(_x86(builder, "ldmxcsr"), [_as_bytes(builder, slot)])
            return builder.zext(before, ir.IntType(64))
        if _MACHINE in ("aarch64", "arm64"):
            before = builder.call(_arm(builder, "get", ir.IntType(64), []), [])
            after = builder.or_(before, ir.Constant(ir.IntType(64), _ARM_FLUSH))
            builder.call(_arm(builder, "set", ir.VoidType(), [ir.IntType(64)]), [after])
            return before
        return ir.Constant(ir.IntType(64), 0)

    return types.uint64(), codegen


def _restore(typingctx: Any, mode: Any) -> Any:
    """Put back the mode that ``flush_to_zero`` answered."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if _MACHINE in ("x86_64", "amd64"):
            slot = cgutils.alloca_once(builder, ir.IntType(32))  # type: ignore[no-untyped-call]
            builder.store(builder.trunc(args[0], ir.IntType(32)), slot)
            builder.call(_x86(builder, "ldmxcsr"), [_as_bytes(builder, slot)])
        elif _MACHINE in ("aarch64", "arm64"):
            builder.call(_arm(builder, "set", ir.VoidType(), [ir.IntType(64)]), [args[0]])
        return context.get_dummy_value()

    return types.void(types.uint64), codegen


def _as_bytes(builder: Any, slot: Any) -> Any:
    return builder.bitcast(slot, ir.IntType(8).as_pointer())


def _x86(builder: Any, name: str) -> Any:
    kind = ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer()])
    return _declared(builder, kind, f"llvm.x86.sse.{name}")


def _arm(builder: Any, verb: str, answer: Any, arguments: list[Any]) -> Any:
    return _declared(builder, ir.FunctionType(answer, arguments), f"llvm.aarch64.{verb}.fpcr")


def _declared(builder: Any, kind: Any, name: str) -> Any:
    return cgutils.get_or_insert_function(builder.module, kind, name)  # type: ignore[no-untyped-call]


flush_to_zero: Final[Any] = intrinsic(_flush_to_zero)
"""Inside of a kernel: ``mode = flush_to_zero()`` at its entry."""
restore: Final[Any] = intrinsic(_restore)
"""Inside of a kernel: ``restore(mode)`` at its exit."""
