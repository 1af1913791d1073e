"""Vectors of lanes inside of compiled kernels: sixteen strips, eight groups or two sides in one instruction.

A vector is a value of the compiler's own vector type, ``<16 x float>`` and its kin; it lives in registers and exists
inside of kernels only. ``a + b``, ``-``, ``*``, ``/`` work lane by lane, with a number on either side standing for all
lanes; a product and a sum may be fused into one rounding. So the bytes are the same for any number of threads and any
cutting into blocks, on machines of one kind; another kind of processor may round the last bit differently.

Functions take a vector, or an example of one named ``like``, and work for any number of lanes. Arrays are indexed from
their first element, whatever their shape is, and nothing is checked.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Final

import llvmlite.binding as llvm  # type: ignore[import-untyped]
from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.core.imputils import lower_builtin
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, models, register_model

from mixing.engine.console import kernel_cache

# Whatever is compiled from vectors imports this room first, and is stamped with it.
kernel_cache.install()

_I32, _I64 = ir.IntType(32), ir.IntType(64)
_FUSED: Final = ("contract",)


class Lanes(types.Type):
    """The type of a vector: ``bits`` is 32 or 64, the size of a float."""

    def __init__(self, bits: int, count: int) -> None:
        self.bits = bits
        self.count = count
        super().__init__(name=f"Lanes(float{bits}, {count})")

    @property
    def element(self) -> Any:
        return ir.FloatType() if self.bits == 32 else ir.DoubleType()

    @property
    def ll(self) -> Any:
        return ir.VectorType(self.element, self.count)

    @property
    def whole(self) -> Any:
        """Integers of the same size."""
        return ir.VectorType(ir.IntType(self.bits), self.count)


def long_registers() -> bool:
    """Whether kernels are compiled for a processor with many long registers: eight float64 in each of 32."""
    chosen = config.CPU_FEATURES  # type: ignore[attr-defined]
    features = dict(llvm.get_host_cpu_features()) if chosen is None else {}
    return bool(features.get("avx512f")) or "+avx512f" in (chosen or "")


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Lanes) -> None:
        super().__init__(manager, kind, kind.ll)  # type: ignore[no-untyped-call]


# ---- arithmetic ------------------------------------------------------------------------------------------------------


def _splat(builder: Any, scalar: Any, kind: Lanes) -> Any:
    first = builder.insert_element(ir.Constant(kind.ll, ir.Undefined), scalar, ir.Constant(_I32, 0))
    return builder.shuffle_vector(first, ir.Constant(kind.ll, ir.Undefined), mask([0] * kind.count))


def mask(indices: list[int]) -> Any:
    return ir.Constant(ir.VectorType(_I32, len(indices)), indices)


def _in_lanes(context: Any, builder: Any, value: Any, given: Any, kind: Lanes) -> Any:
    if isinstance(given, Lanes):
        return value
    return _splat(
        builder, context.cast(builder, value, given, types.float32 if kind.bits == 32 else types.float64), kind
    )


def _arithmetic(operation: Callable[..., Any], instruction: str) -> None:
    class Template(AbstractTemplate):
        def generic(self, args: Any, kws: Any) -> Any:
            vectors = [kind for kind in args if isinstance(kind, Lanes)]
            if (
                len(args) == 2
                and vectors
                and all(kind == vectors[0] or isinstance(kind, types.Number) for kind in args)
            ):
                return signature(vectors[0], *args)  # type: ignore[no-untyped-call]
            return None

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kind = sig.return_type
        pair = [_in_lanes(context, builder, value, given, kind) for value, given in zip(args, sig.args, strict=True)]
        return getattr(builder, instruction)(*pair, flags=_FUSED)

    infer_global(operation)(Template)  # type: ignore[no-untyped-call]
    for first, second in ((Lanes, Lanes), (Lanes, types.Number), (types.Number, Lanes)):
        lower_builtin(operation, first, second)(lower)  # type: ignore[no-untyped-call]


_arithmetic(operator.add, "fadd")
_arithmetic(operator.sub, "fsub")
_arithmetic(operator.mul, "fmul")
_arithmetic(operator.truediv, "fdiv")


def inside_of_kernels(declare: Callable[..., Any]) -> Any:
    return intrinsic(prefer_literal=True)(declare)


# ---- numbers in and out ----------------------------------------------------------------------------------------------


def element(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    data = context.make_array(kind)(context, builder, array).data
    return builder.gep(data, [index])


def vector_of(dtype: Any, count: int) -> Lanes:
    return Lanes(dtype.bitwidth, count)


@inside_of_kernels
def splat(typingctx: Any, number: Any, count: Any) -> Any:
    """``splat(number, 16)``: the number in every lane, float32 or float64 as it is."""
    kind = vector_of(number, count.literal_value)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _splat(builder, args[0], kind)

    return kind(number, count), codegen


@inside_of_kernels
def load(typingctx: Any, like: Any, array: Any, index: Any) -> Any:
    """As many neighbours from ``array[index]`` on as ``like`` has lanes, in the array's own precision.

    Of an array of whole numbers come their bits, which are good for :func:`either_bits` alone.
    """
    kind = vector_of(array.dtype, like.count)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        place = builder.bitcast(element(context, builder, sig.args[1], args[1], args[2]), kind.ll.as_pointer())
        loaded = builder.load(place)
        loaded.align = kind.bits // 8
        return loaded

    return kind(like, array, types.intp), codegen


@inside_of_kernels
def store(typingctx: Any, array: Any, index: Any, vector: Any) -> Any:
    """Put the lanes at ``array[index]`` and behind; the array has the vector's precision."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        place = builder.bitcast(element(context, builder, sig.args[0], args[0], args[1]), vector.ll.as_pointer())
        builder.store(args[2], place).align = vector.bits // 8
        return context.get_dummy_value()

    return types.void(array, types.intp, vector), codegen


@inside_of_kernels
def store_every(typingctx: Any, array: Any, index: Any, stride: Any, width: Any, vector: Any) -> Any:
    """Put the lanes in groups of ``width`` (1 or 2, a literal) at ``index``, ``index + stride``, and so on."""
    size = width.literal_value
    piece = ir.IntType(vector.bits * size)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pieces = builder.bitcast(args[4], ir.VectorType(piece, vector.count // size))
        place = element(context, builder, sig.args[0], args[0], args[1])
        for number in range(vector.count // size):
            part = builder.extract_element(pieces, ir.Constant(_I32, number))
            builder.store(part, builder.bitcast(place, piece.as_pointer())).align = vector.bits // 8
            place = builder.gep(place, [args[2]])
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp, width, vector), codegen


@inside_of_kernels
def lanes_of(typingctx: Any, like: Any) -> Any:
    """How many lanes a vector has."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return ir.Constant(_I64, like.count)

    return types.int64(like), codegen


# ---- lane by lane ----------------------------------------------------------------------------------------------------


def unary(work: Callable[[Any, Any, Lanes], Any], answer: Callable[[Lanes], Any] = lambda kind: kind) -> Any:
    def declare(typingctx: Any, vector: Any) -> Any:
        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return work(builder, args[0], vector)

        return answer(vector)(vector), codegen

    return intrinsic(declare)


def _call(builder: Any, name: str, kind: Lanes, *args: Any) -> Any:
    full_name = f"llvm.{name}.v{kind.count}f{kind.bits}"
    function = ir.FunctionType(kind.ll, [kind.ll] * len(args))
    return builder.call(cgutils.get_or_insert_function(builder.module, function, full_name), args)  # type: ignore[no-untyped-call]


def _fold(name: str, start: float) -> Any:
    """All lanes into one number, half by half."""

    def work(builder: Any, value: Any, kind: Lanes) -> Any:
        count = kind.count
        while count > 1:
            count //= 2
            blank = ir.Constant(value.type, ir.Undefined)
            low = builder.shuffle_vector(value, blank, mask(list(range(count))))
            high = builder.shuffle_vector(value, blank, mask(list(range(count, 2 * count))))
            if name == "add":
                value = builder.fadd(low, high)
            else:
                value = builder.select(builder.fcmp_ordered(name, low, high), low, high)
        return builder.extract_element(value, ir.Constant(_I32, 0))

    return unary(work, lambda kind: types.float32 if kind.bits == 32 else types.float64)


widen: Final[Any] = unary(lambda b, v, k: b.fpext(v, Lanes(64, k.count).ll), lambda k: Lanes(64, k.count))
narrow: Final[Any] = unary(lambda b, v, k: b.fptrunc(v, Lanes(32, k.count).ll), lambda k: Lanes(32, k.count))
absolute: Final[Any] = unary(lambda b, v, k: _call(b, "fabs", k, v))
nearest: Final[Any] = unary(lambda b, v, k: _call(b, "rint", k, v))
"""Whole numbers, halves to even."""


@inside_of_kernels
def either_bits(typingctx: Any, vector: Any, other: Any) -> Any:
    """Every bit that is set in one of the two: not zero unless all bytes of both are."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        whole = [builder.bitcast(value, vector.whole) for value in args]
        return builder.bitcast(builder.or_(*whole), vector.ll)

    return vector(vector, other), codegen


@inside_of_kernels
def any_bit(typingctx: Any, vector: Any) -> Any:
    """Whether any bit of any lane is set."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        bits = builder.bitcast(args[0], ir.IntType(vector.bits * vector.count))
        return builder.icmp_unsigned("!=", bits, ir.Constant(bits.type, 0))

    return types.boolean(vector), codegen


@inside_of_kernels
def product_and(typingctx: Any, vector: Any, other: Any, added: Any) -> Any:
    """``vector * other + added``, in one rounding wherever the processor can: the same in any loop."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _call(builder, "fmuladd", vector, *args)

    return vector(vector, vector, vector), codegen


@inside_of_kernels
def lane(typingctx: Any, vector: Any, number: Any) -> Any:
    """The number in one lane, a literal."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.extract_element(args[0], ir.Constant(_I32, number.literal_value))

    return (types.float32 if vector.bits == 32 else types.float64)(vector, number), codegen


total: Final[Any] = _fold("add", 0.0)
largest: Final[Any] = _fold(">", 0.0)
smallest: Final[Any] = _fold("<", 0.0)


def _chooser(comparison: str) -> Any:
    def choose(typingctx: Any, left: Any, right: Any, then: Any, otherwise: Any) -> Any:
        """Lane by lane ``then`` where the comparison of ``left`` with ``right`` holds, else ``otherwise``."""

        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return builder.select(builder.fcmp_ordered(comparison, args[0], args[1]), args[2], args[3])

        return then(left, right, then, otherwise), codegen

    return intrinsic(choose)


where_above: Final[Any] = _chooser(">")


def _extreme(comparison: str) -> Any:
    def pick(typingctx: Any, vector: Any, other: Any) -> Any:
        """Lane by lane; ``other`` may be a number."""

        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            right = _in_lanes(context, builder, args[1], other, vector)
            return builder.select(builder.fcmp_ordered(comparison, args[0], right), args[0], right)

        return vector(vector, other), codegen

    return intrinsic(pick)


greater: Final[Any] = _extreme(">")
lesser: Final[Any] = _extreme("<")
