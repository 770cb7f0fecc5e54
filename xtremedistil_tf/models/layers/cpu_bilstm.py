"""A BiLSTM for machines without a GPU: Keras' results, with fewer and larger matrix products.

Keras runs a loop for each direction. Its gradient adds a product of a whole weight matrix at every
time step. Here one loop serves both directions, with the state's product alone in it; every
other product, and every gradient of a weight, is one product over all time steps.
"""

import contextlib
from typing import Any, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from xtremedistil_tf.keras2 import tf

GATES = 4  # Input, forget, candidate, output: Keras' order.
WAYS = (0, 1)  # From left to right, from right to left.


class _Trace(NamedTuple):
    """What the gradient of one way reads; rows of time in the text's order.

    Attributes:
      gates: input, forget, candidate and output gate, [time, batch, units] float32 each.
      states: h in the precision of products, [time + 1, batch, units], with the zeros that the
        way starts from at its end.
      cells: c likewise, float32.
    """

    gates: Tuple[Any, ...]
    states: Any
    cells: Any


def _after(way: int, values: Any) -> Any:
    """Returns a way's states or cells after each time step, [time, batch, units].

    Args:
      way: one of WAYS.
      values: [time + 1, batch, units], as in `_Trace`.
    """
    return values[:-1] if way else values[1:]


def _before(way: int, values: Any) -> Any:
    """Returns a way's states or cells before each time step; see `_after`."""
    return values[1:] if way else values[:-1]


def _product(left: Any, right: Any, **transposed: bool) -> Any:
    """A product of two tensors in the precision of products, as float32."""
    return tf.cast(tf.matmul(left, right, **transposed), tf.float32)


def _forward(
    inputs: Sequence[Any], real: Optional[Any], recurrent: Sequence[Any],
) -> List[_Trace]:
    """Runs both ways in one loop, which keeps two cores busy.

    Args:
      inputs: of each way, products of the inputs with the kernel, bias added, [time, batch,
        4 * units] float32.
      real: True at real positions, [time, batch, units]; None if all are.
      recurrent: of each way the recurrent kernel, [units, 4 * units], in the products' precision.
    """
    time, batch, units = tf.shape(inputs[0])[0], tf.shape(inputs[0])[1], recurrent[0].shape[0]
    precision = recurrent[0].dtype
    zero = tf.zeros([batch, units])

    def array(dtype: tf.DType, size: Any) -> Any:
        return tf.TensorArray(dtype, size=size, element_shape=[None, units])

    def one(way: int, at: Any, h: Any, narrow: Any, c: Any, *arrays: Any) -> Tuple[Any, ...]:
        at = time - 1 - at if way else at
        z_in, z_forget, z_new, z_out = tf.split(
            inputs[way][at] + _product(narrow, recurrent[way]), GATES, axis=-1)
        gates = tf.sigmoid(z_in), tf.sigmoid(z_forget), tf.tanh(z_new), tf.sigmoid(z_out)
        next_c = gates[1] * c + gates[0] * gates[2]
        next_h = gates[3] * tf.tanh(next_c)
        if real is not None:  # Padding changes no state.
            next_c, next_h = tf.where(real[at], next_c, c), tf.where(real[at], next_h, h)
        row, narrow = at if way else at + 1, tf.cast(next_h, precision)
        kept = [(at, gate) for gate in gates] + [(row, narrow), (row, next_c)]
        return next_h, narrow, next_c, *(values.write(*pair) for values, pair in zip(arrays, kept))

    def step(at: Any, left: Tuple[Any, ...], right: Tuple[Any, ...]) -> Tuple[Any, ...]:
        return at + 1, one(0, at, *left), one(1, at, *right)

    starts = [(zero, tf.cast(zero, precision), zero,
               *(array(tf.float32, time) for _ in range(GATES)),
               *(array(first.dtype, time + 1).write(time if way else 0, first)
                 for first in (tf.cast(zero, precision), zero)))
              for way in WAYS]
    _, *ends = tf.while_loop(lambda at, *_: at < time, step, (0, *starts),
                             maximum_iterations=time)
    stacked = [[values.stack() for values in end[3:]] for end in ends]
    return [_Trace(tuple(found[:GATES]), *found[GATES:]) for found in stacked]


def _backward(
    traces: Sequence[_Trace], gradient: Any, real: Optional[Any], recurrent: Sequence[Any],
) -> List[Any]:
    """Gradients of both ways' `inputs`, [time, batch, 4 * units] in the precision of products.

    Args:
      traces: what `_forward` returned.
      gradient: gradient of h after each time step, [time, batch, 2 * units] float32.
      real, recurrent: as for `_forward`.
    """
    time, units = tf.shape(gradient)[0], recurrent[0].shape[0]
    zero = tf.zeros_like(gradient[0, :, :units])
    # Everything that does not depend on later steps is computed at once, outside of the loop.
    slopes, inward, forgets = [], [], []
    for way, trace in enumerate(traces):
        i, f, new, o = trace.gates
        squashed = tf.tanh(_after(way, trace.cells))
        slopes.append(tf.concat([
            new * i * (1 - i), _before(way, trace.cells) * f * (1 - f), i * (1 - new * new),
            squashed * o * (1 - o)], axis=-1))
        inward.append(o * (1 - squashed * squashed))
        forgets.append(f if real is None else tf.where(real, f, tf.ones_like(f)))
    of_states = tf.split(gradient, 2, axis=-1)

    def one(way: int, at: Any, dh: Any, dc: Any, found: Any) -> Tuple[Any, ...]:
        at = at if way else time - 1 - at
        dh += of_states[way][at]
        own_h = dh if real is None else tf.where(real[at], dh, zero)
        dc += own_h * inward[way][at]
        own_c = dc if real is None else tf.where(real[at], dc, zero)
        dz = tf.cast(slopes[way][at] * tf.concat([own_c, own_c, own_c, own_h], axis=-1),
                     recurrent[way].dtype)
        past_h = _product(dz, recurrent[way], transpose_b=True)
        if real is not None:
            past_h += dh - own_h
        return past_h, dc * forgets[way][at], found.write(at, dz)

    def step(at: Any, left: Tuple[Any, ...], right: Tuple[Any, ...]) -> Tuple[Any, ...]:
        return at + 1, one(0, at, *left), one(1, at, *right)

    starts = [(zero, zero, tf.TensorArray(
        recurrent[0].dtype, size=time, element_shape=[None, GATES * units])) for _ in WAYS]
    _, *ends = tf.while_loop(lambda at, *_: at < time, step, (0, *starts),
                             maximum_iterations=time)
    return [found.stack() for _, _, found in ends]


def states_both_ways(
    inputs: Any, real: Optional[Any], kernels: Sequence[Any], recurrent: Sequence[Any],
    biases: Sequence[Any],
) -> Any:
    """The states h of an LSTM in both directions, with a gradient of few products.

    Args:
      inputs: [time, batch, width], float32 or narrower: the type of all products. Gates and cells
        are float32.
      real: True at real positions, [time, batch]; None if all are.
      kernels: of each way, [width, 4 * units] of the inputs' type, as the others.
      recurrent: of each way, [units, 4 * units].
      biases: of each way, [4 * units].

    Returns:
      [time, batch, 2 * units] of the inputs' type. A padded position has the state of the way's
      last step.
    """
    width, units, precision = inputs.shape[-1], recurrent[0].shape[0], inputs.dtype
    if real is not None:
        # In the full shape, since a choice by a narrower mask is slow.
        real = tf.tile(real[..., tf.newaxis], [1, 1, units])

    @tf.custom_gradient
    def run(inputs, *weights):
        kernels, recurrent, biases = weights[:2], weights[2:4], weights[4:]
        flat = tf.reshape(inputs, [-1, width])
        shape = [*tf.unstack(tf.shape(inputs)[:2]), GATES * units]
        traces = _forward(
            [tf.reshape(_product(flat, kernel) + tf.cast(bias, tf.float32), shape)
             for kernel, bias in zip(kernels, biases)], real, recurrent)

        def gradients(gradient):
            found = _backward(traces, tf.cast(gradient, tf.float32), real, recurrent)
            rows = [tf.reshape(dz, [-1, GATES * units]) for dz in found]
            past = [tf.reshape(_before(way, trace.states), [-1, units])
                    for way, trace in enumerate(traces)]
            d_inputs = tf.add_n([tf.matmul(dz, kernel, transpose_b=True)
                                 for dz, kernel in zip(rows, kernels)])
            return (tf.reshape(d_inputs, tf.shape(inputs)),
                    *(tf.matmul(flat, dz, transpose_a=True) for dz in rows),
                    *(tf.matmul(states, dz, transpose_a=True)
                      for states, dz in zip(past, rows)),
                    *(tf.cast(tf.reduce_sum(tf.cast(dz, tf.float32), axis=0), precision)
                      for dz in rows))

        return tf.concat([_after(way, trace.states) for way, trace in enumerate(traces)],
                         axis=-1), gradients

    return run(inputs, *kernels, *recurrent, *biases)


def _fits(layer: Any) -> bool:
    """True for a bidirectional LSTM as the student builds it, without dropout in its cells."""
    if not isinstance(layer, tf.keras.layers.Bidirectional) or layer.merge_mode != "concat":
        return False
    return _is_plain(layer.forward_layer) and _is_plain(layer.backward_layer)


def _is_plain(way: Any) -> bool:
    """True for one direction of such a layer."""
    if not isinstance(way, tf.keras.layers.LSTM) or not way.use_bias:
        return False
    if way.dropout or way.recurrent_dropout:
        return False
    if way.stateful or way.return_state or way.time_major:
        return False
    return (way.activation is tf.keras.activations.tanh
            and way.recurrent_activation is tf.keras.activations.sigmoid)


def _call_of(layer: Any) -> Any:
    """Returns a `call` of a bidirectional LSTM that computes as this module does."""
    cells = [layer.forward_layer.cell, layer.backward_layer.cell]

    @tf.autograph.experimental.do_not_convert
    def call(inputs, training=None, mask=None, initial_state=None, constants=None):
        del training, initial_state, constants
        real = None if mask is None else tf.transpose(mask)
        states = states_both_ways(
            tf.transpose(tf.cast(inputs, layer.compute_dtype), [1, 0, 2]), real,
            *([tf.convert_to_tensor(getattr(cell, name)) for cell in cells]
              for name in ("kernel", "recurrent_kernel", "bias")))
        if not layer.return_sequences:
            forward, backward = tf.split(states, 2, axis=-1)
            return tf.concat([forward[-1], backward[0]], axis=-1)
        if real is not None:
            # Keras gives zeros at padding here, not the last state.
            states *= tf.cast(real[..., tf.newaxis], states.dtype)
        return tf.transpose(states, [1, 0, 2])

    return call


@contextlib.contextmanager
def with_cpu_kernels(layers: Iterable[Any]) -> Iterator[None]:
    """Bidirectional LSTMs traced in the block compute as this module does.

    Args:
      layers: layers of a model; others stay as they are, and those of a block around this one.
    """
    changed = [layer for layer in layers if _fits(layer) and "call" not in vars(layer)]
    try:
        for layer in changed:
            layer.call = _call_of(layer)
        yield
    finally:
        for layer in changed:
            del layer.call
