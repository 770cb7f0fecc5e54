"""The student and the decode rule as a plain TensorFlow graph, made for serving.

For small batches the LSTM is TensorFlow's fused operation, one kernel call a direction: half the
time of Keras' loop. For large ones a loop over time is faster, since its input products are made at
once. Neither has a dropout variant; all is float32.
"""

from typing import Any, Callable, Dict, NamedTuple, Optional, Tuple

import numpy as np

from xtremedistil_tf.data.labels import LabelSet
from xtremedistil_tf.export.common.arrays import Lstm, StudentArrays
from xtremedistil_tf.inference.tagger import window_sizes
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.metrics.decoding import FORBIDDEN
from xtremedistil_tf.models.layers.pairs import interaction, segment_ids, split_pairs

# From this many rows on the loop is used.
_LOOP_FROM = 16


class GraphStudent(tf.Module):
    """Ids in, logits out: one a piece, or one a row where the student pools."""

    def __init__(self, arrays: StudentArrays):
        super().__init__()
        self._embedding = tf.Variable(arrays.embedding, trainable=False, name="word_embedding")
        self._forward = self._lstm_variables(arrays.forward, "forward")
        self._backward = self._lstm_variables(arrays.backward, "backward")
        self._projection = [tf.Variable(array, trainable=False) for array in arrays.projection]
        self._logits = [tf.Variable(array, trainable=False) for array in arrays.logits]
        self._activation = tf.keras.activations.get(arrays.activation)
        self._pooling = arrays.pooling
        self._pairs = arrays.pairs

    @staticmethod
    def _lstm_variables(weights: Lstm, name: str) -> Tuple[Any, Any]:
        kernel, recurrent, bias = weights
        return (tf.Variable(np.concatenate([kernel, recurrent]), trainable=False, name=name),
                tf.Variable(bias, trainable=False, name=f"{name}_bias"))

    @staticmethod
    def _fused(inputs: Any, weights: Tuple[Any, Any]) -> Any:
        """Runs float32 [time, batch, E] through one direction: [time, batch, H]."""
        kernel, bias = weights
        units = kernel.shape[1] // 4
        state = tf.zeros([tf.shape(inputs)[1], units])
        peephole = tf.zeros([units])
        return tf.raw_ops.BlockLSTMV2(
            seq_len_max=tf.cast(tf.shape(inputs)[0], tf.int64), x=inputs, cs_prev=state,
            h_prev=state, w=kernel, wci=peephole, wcf=peephole, wco=peephole, b=bias,
            cell_clip=0.0, use_peephole=False,
        ).h

    @staticmethod
    def _looped(inputs: Any, weights: Tuple[Any, Any]) -> Any:
        """The same as a loop over time."""
        kernel, bias = weights
        width, units = inputs.shape[-1], kernel.shape[1] // 4
        recurrent = kernel[width:]
        gates = tf.tensordot(inputs, kernel[:width], 1) + bias

        def step(gate, states):
            enter, forget, new, leave = tf.split(gate + tf.matmul(states[0], recurrent), 4, -1)
            cell = tf.sigmoid(forget) * states[1] + tf.sigmoid(enter) * tf.tanh(new)
            hidden = tf.sigmoid(leave) * tf.tanh(cell)
            return hidden, [hidden, cell]

        state = tf.zeros([tf.shape(inputs)[1], units])
        return tf.keras.backend.rnn(step, gates, [state, state], time_major=True)[1]

    def _bilstm(self, hidden: Any, lengths: Any, lstm: Callable) -> Any:
        """Both directions: float32 [time, batch, 2 H].

        A row is turned within its length, so padding comes last in both directions and changes no
        state that is read.
        """
        turned = tf.reverse_sequence(hidden, lengths, seq_axis=0, batch_axis=1)
        backward = tf.reverse_sequence(
            lstm(turned, self._backward), lengths, seq_axis=0, batch_axis=1)
        return tf.concat([lstm(hidden, self._forward), backward], -1)

    def __call__(self, ids: Any, lengths: Any) -> Any:
        """Logits of rows padded on the right.

        Args:
          ids: int32 [batch, time], the student's.
          lengths: int32 [batch].

        Returns:
          float32 [batch, time, classes], behind a row's length without meaning; [batch, classes]
          where the student pools.
        """
        siamese = self._pairs is not None and self._pairs.siamese
        if self._pairs is not None and siamese:
            ids, lengths = split_pairs(ids, self._pairs.separator)
        hidden = tf.transpose(self._embedded(ids), [1, 0, 2])
        hidden = tf.cond(
            tf.size(lengths) < _LOOP_FROM,
            lambda: self._bilstm(hidden, lengths, self._fused),
            lambda: self._bilstm(hidden, lengths, self._looped))
        if self._pooling:
            hidden = self._pooled(hidden, lengths)
        if siamese:
            hidden = interaction(hidden)
        for (kernel, bias), activation in ((self._projection, self._activation),
                                           (self._logits, lambda x: x)):
            hidden = activation(tf.tensordot(hidden, kernel, 1) + bias)
        return hidden if self._pooling else tf.transpose(hidden, [1, 0, 2])

    def _embedded(self, ids: Any) -> Any:
        """float32 [batch, time, E], of joint pairs with the segment behind."""
        words = tf.gather(self._embedding, ids)
        if self._pairs is None or self._pairs.siamese:
            return words
        segments = tf.cast(segment_ids(ids, self._pairs.separator), tf.float32)
        return tf.concat([words, self._pairs.step * segments[:, :, None]], -1)

    def _pooled(self, hidden: Any, lengths: Any) -> Any:
        """What stands for a row: [time, batch, 2 H] to [batch, 2 H]."""
        if self._pooling == "max":
            real = tf.transpose(tf.sequence_mask(lengths, tf.shape(hidden)[0]))
            return tf.reduce_max(tf.where(real[:, :, None], hidden, hidden.dtype.min), 0)
        ahead, back = tf.split(hidden, 2, -1)
        last = tf.stack([tf.maximum(lengths, 1) - 1, tf.range(tf.size(lengths))], 1)
        return tf.concat([tf.gather_nd(ahead, last), back[0]], -1)


class KerasStudent(tf.Module):
    """A Keras student in a graph, its layers as they are.

    Args:
      model: see `models.student.Student`.
      pooled: whether a row has one vector.
    """

    def __init__(self, model: Any, pooled: bool):
        super().__init__()
        # The variables alone are tracked: with the model in sight, the saver would trace every
        # Keras layer of it, for training too.
        self._variables = list(model.weights)
        self._logits = lambda ids: model({"input_ids": ids}, training=False)["logits"]
        self._pooled = pooled

    def __call__(self, ids: Any, lengths: Any) -> Any:
        """Logits of rows padded on the right, see `GraphStudent`."""
        real = tf.sequence_mask(lengths, tf.shape(ids)[1])
        logits = self._logits(tf.where(real, ids, 0))
        return logits[:, 0] if self._pooled else logits


class Windows(NamedTuple):
    """Rows of pieces cut into overlapping windows as `tagger.windows` says.

    Attributes:
      ids: int32 [windows, time] with the markers, 0 behind a window's end.
      lengths: int32 [windows].
      at: int32 [words, 2], the window and the position in it of each word's first piece.
    """

    ids: Any
    lengths: Any
    at: Any


def make_windows(
    ids: Any, pieces: Any, opening: int, closing: int, word_row: Any, word_place: Any,
    *, seq_len_limit: Optional[int] = None,
) -> Windows:
    """Lays flat pieces out in rows for the student.

    Args:
      ids: int32 [all pieces], the student's ids, row after row.
      pieces: int32 [batch], how many each row has.
      opening, closing: the student's ids of the markers.
      word_row: int32 [words].
      word_place: int32 [words], place in its row of a word's first piece; below 0 for none.
      seq_len_limit: see `tagger.windows`.
    """
    longest, context = window_sizes(seq_len_limit)
    step = longest - 2 * context
    short = pieces <= longest
    count = tf.where(short, 1, (pieces + step - 1) // step)
    first_window = tf.cumsum(count, exclusive=True)
    row = tf.repeat(tf.range(tf.size(pieces)), count)
    at = (tf.range(tf.size(row)) - tf.gather(first_window, row)) * step
    row_pieces = tf.gather(pieces, row)
    begin = tf.maximum(0, at - context)
    end = tf.where(tf.gather(short, row), row_pieces,
                   tf.minimum(row_pieces, at + step + context))
    lengths = end - begin + 2
    place = tf.range(tf.reduce_max(lengths))[None, :]
    source = (tf.gather(tf.cumsum(pieces, exclusive=True), row) + begin - 1)[:, None] + place
    inner = (place >= 1) & (place <= (lengths - 2)[:, None])
    # Position `size` holds padding.
    laid = tf.gather(tf.concat([ids, [0]], 0), tf.where(inner, source, tf.size(ids)))
    laid = tf.where(place == 0, opening, tf.where(place == (lengths - 1)[:, None], closing, laid))
    word_place = tf.maximum(word_place, 0)
    window = tf.gather(first_window, word_row) + tf.where(
        tf.gather(short, word_row), 0, word_place // step)
    position = word_place - tf.gather(begin, window) + 1
    return Windows(laid, lengths, tf.stack([window, position], 1))


class Decoder(tf.Module):
    """`metrics.decoding` inside a graph.

    Args:
      labels: the label set.
    """

    def __init__(self, labels: LabelSet):
        super().__init__()
        first, follows = labels.allowed_transitions()
        self._first, self._follows = tf.constant(first), tf.constant(follows)
        self._tags = tf.constant(labels.tags)
        self._first_cost = tf.constant(np.where(first, 0.0, FORBIDDEN), tf.float32)
        self._step_cost = tf.constant(np.where(follows, 0.0, FORBIDDEN)[None], tf.float32)
        outside = np.full(len(labels.tags), FORBIDDEN, np.float32)
        outside[labels.outside_id] = 0.0
        self.outside = tf.constant(outside)

    def scores(self, logits: Any, has_piece: Any) -> Any:
        """float32 [words, tags] log-probabilities over the real tags; O for words without piece."""
        real = tf.nn.log_softmax(logits[:, : self.outside.shape[0]])
        return tf.where(has_piece[:, None], real, self.outside)

    def __call__(self, scores: Any, present: Any) -> Dict[str, Any]:
        """The best valid IOB2 sequence of each row.

        Args:
          scores: float32 [batch, words, tags]; O where nothing is.
          present: bool [batch, words].

        Returns:
          tags (string, "" where nothing is) and scores (float32, 0 there), [batch, words].
        """
        path = tf.argmax(scores, -1, tf.int32)
        valid = tf.reduce_all(tf.gather(self._first, path[:, :1]), 1) & tf.reduce_all(
            tf.gather_nd(self._follows, tf.stack([path[:, :-1], path[:, 1:]], -1)), 1)
        path = tf.cond(
            tf.reduce_all(valid), lambda: path,
            lambda: tf.where(valid[:, None], path, self._viterbi(scores)))
        chosen = tf.exp(tf.gather(scores, path, batch_dims=2))
        return {"tags": tf.where(present, tf.gather(self._tags, path), ""),
                "scores": tf.where(present, chosen, 0.0)}

    def _viterbi(self, scores: Any) -> Any:
        by_word = tf.transpose(scores, [1, 0, 2])
        start = by_word[0] + self._first_cost

        def step(state, word):
            reached = state[0][:, :, None] + self._step_cost
            return tf.reduce_max(reached, 1) + word, tf.argmax(reached, 1, tf.int32)

        nowhere = tf.zeros_like(start, tf.int32)
        best, came_from = tf.scan(step, by_word[1:], (start, nowhere))
        best = tf.concat([start[None], best], 0)[-1]
        last = tf.argmax(best, -1, tf.int32)
        path = tf.scan(lambda tag, back: tf.gather(back, tag, batch_dims=1), came_from, last,
                       reverse=True)
        return tf.transpose(tf.concat([path, last[None]], 0))
