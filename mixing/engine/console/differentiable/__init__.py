"""The console in torch: the same definitions, with gradients for every knob that moves smoothly.

:mod:`~mixing.engine.console.differentiable.tensors` holds a console as tensors in a fixed layout,
:mod:`~mixing.engine.console.differentiable.effects` the effects one by one, and
:mod:`~mixing.engine.console.differentiable.console` the routing. Only what trains imports this package.
"""
