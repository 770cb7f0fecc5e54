"""The BiLSTM student and constrained decoding as a plain TensorFlow graph for serving.

Small batches use TensorFlow's fused LSTM, one kernel call a direction: half the time of Keras'
loop. Large batches use a loop over time, which is faster because it multiplies all inputs at once.
Neither has dropout; all values are float32.
"""

from typing import Any, Callable, Dict, NamedTuple, Optional, Tuple

import numpy as np

from xtremedistil_tf.data.labels import LabelSet
from xtremedistil_tf.export.common.arrays import Lstm, StudentArrays
from xtremedistil_tf.inference.tagger import window_sizes
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.metrics.decoding import outside_scores, path_scores
from xtremedistil_tf.models.layers.pairs import embedded, interaction, split_pairs

# Smallest batch size for the loop.
_LOOP_FROM = 16


class GraphStudent(tf.Module):
    """Maps ids to logits: one vector a subword token, or one a sequence if the student pools."""

    def __init__(self, arrays: StudentArrays):
        super().__init__()
        self._embedding = tf.Variable(arrays.embedding, trainable=False, name="word_embedding")
        self._bilstms = [(self._lstm_variables(forward, "forward"),
                          self._lstm_variables(backward, "backward"))
                         for forward, backward in arrays.bilstms]
        self._dense = [([tf.Variable(array, trainable=False) for array in layer],
                        tf.keras.activations.get(name)) for layer, name in arrays.dense]
        self._pooling = arrays.pooling
        self._pairs = arrays.pairs

    @staticmethod
    def _lstm_variables(weights: Lstm, name: str) -> Tuple[Any, Any]:
        kernel, recurrent, bias = weights
        return (tf.Variable(np.concatenate([kernel, recurrent]), trainable=False, name=name),
                tf.Variable(bias, trainable=False, name=f"{name}_bias"))

    @staticmethod
    def _fused(inputs: Any, weights: Tuple[Any, Any]) -> Any:
        """Runs one direction with the fused LSTM: [time, batch, E] to [time, batch, H]."""
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
        """Runs one direction as a loop over time; same result as `_fused`."""
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
        """Runs both directions of all layers; returns float32 [time, batch, 2 H].

        Sequences are reversed within their length. So padding comes last in both directions and
        changes no state of a real position.
        """
        for forward, backward in self._bilstms:
            turned = tf.reverse_sequence(hidden, lengths, seq_axis=0, batch_axis=1)
            back = tf.reverse_sequence(lstm(turned, backward), lengths, seq_axis=0, batch_axis=1)
            hidden = tf.concat([lstm(hidden, forward), back], -1)
        return hidden

    def __call__(self, ids: Any, lengths: Any) -> Any:
        """Computes logits of sequences padded on the right.

        Args:
          ids: int32 [batch, time], the student's ids.
          lengths: int32 [batch].

        Returns:
          float32 [batch, time, classes], undefined at padding; [batch, classes] if the student
          pools.
        """
        siamese = self._pairs is not None and self._pairs.siamese
        if self._pairs is not None and siamese:
            ids, lengths = split_pairs(ids, self._pairs.separator)
        hidden = tf.transpose(embedded(self._embedding, ids, self._pairs), [1, 0, 2])
        hidden = tf.cond(
            tf.size(lengths) < _LOOP_FROM,
            lambda: self._bilstm(hidden, lengths, self._fused),
            lambda: self._bilstm(hidden, lengths, self._looped))
        if self._pooling:
            hidden = self._pooled(hidden, lengths)
        if siamese:
            hidden = interaction(hidden)
        for (kernel, bias), activation in self._dense:
            hidden = activation(tf.tensordot(hidden, kernel, 1) + bias)
        return hidden if self._pooling else tf.transpose(hidden, [1, 0, 2])

    def _pooled(self, hidden: Any, lengths: Any) -> Any:
        """Pools over time: [time, batch, 2 H] to [batch, 2 H]."""
        if self._pooling == "max":
            real = tf.transpose(tf.sequence_mask(lengths, tf.shape(hidden)[0]))
            return tf.reduce_max(tf.where(real[:, :, None], hidden, hidden.dtype.min), 0)
        ahead, back = tf.split(hidden, 2, -1)
        last = tf.stack([tf.maximum(lengths, 1) - 1, tf.range(tf.size(lengths))], 1)
        return tf.concat([tf.gather_nd(ahead, last), back[0]], -1)


class KerasStudent(tf.Module):
    """A Keras student in a graph; its layers stay unchanged.

    Args:
      model: see `models.student.Student`.
      pooled: the student has one vector a sequence.
    """

    def __init__(self, model: Any, pooled: bool):
        super().__init__()
        # Only the variables are attributes: if the model were one, the saver would trace every
        # Keras layer, also for training.
        self._variables = list(model.weights)
        self._logits = lambda ids: model({"input_ids": ids}, training=False)["logits"]
        self._pooled = pooled

    def __call__(self, ids: Any, lengths: Any) -> Any:
        """Returns logits of sequences padded on the right; see `GraphStudent`."""
        real = tf.sequence_mask(lengths, tf.shape(ids)[1])
        logits = self._logits(tf.where(real, ids, 0))
        return logits[:, 0] if self._pooled else logits


class Windows(NamedTuple):
    """Texts cut into overlapping windows as `tagger.windows` does.

    Attributes:
      ids: int32 [windows, time] with special tokens, padded on the right with 0.
      lengths: int32 [windows].
      at: int32 [words, 2], window and position of each word's first subword token.
    """

    ids: Any
    lengths: Any
    at: Any


def make_windows(
    ids: Any, pieces: Any, opening: int, closing: int, word_row: Any, word_place: Any,
    *, seq_len_limit: Optional[int] = None,
) -> Windows:
    """Cuts flat subword tokens into windows.

    Args:
      ids: int32 [tokens], the student's ids, text after text.
      pieces: int32 [batch], number of tokens of each text.
      opening, closing: the student's ids of the special tokens around a sequence.
      word_row: int32 [words], index of each word's text.
      word_place: int32 [words], position of the word's first token in its text; negative without
        one.
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
    # Index `size` is padding.
    laid = tf.gather(tf.concat([ids, [0]], 0), tf.where(inner, source, tf.size(ids)))
    laid = tf.where(place == 0, opening, tf.where(place == (lengths - 1)[:, None], closing, laid))
    word_place = tf.maximum(word_place, 0)
    window = tf.gather(first_window, word_row) + tf.where(
        tf.gather(short, word_row), 0, word_place // step)
    position = word_place - tf.gather(begin, window) + 1
    return Windows(laid, lengths, tf.stack([window, position], 1))


class Decoder(tf.Module):
    """Constrained decoding inside a graph; see `metrics.decoding`.

    Args:
      labels: the label set.
    """

    def __init__(self, labels: LabelSet):
        super().__init__()
        (first, follows), ends = labels.allowed_transitions(), labels.allowed_ends()
        self._first, self._follows = tf.constant(first), tf.constant(follows)
        self._ends = tf.constant(ends)
        self._tags = tf.constant(labels.tags)
        first_cost, step_cost, last_cost = path_scores(labels)
        self._first_cost, self._last_cost = tf.constant(first_cost), tf.constant(last_cost)
        self._step_cost = tf.constant(step_cost[None])
        self._trained = labels.transitions is not None
        self.outside = tf.constant(outside_scores(labels))

    def scores(self, logits: Any, has_piece: Any) -> Any:
        """Returns float32 [words, tags] log-probabilities; O for words without subword tokens."""
        real = tf.nn.log_softmax(logits[:, : self.outside.shape[0]])
        return tf.where(has_piece[:, None], real, self.outside)

    def __call__(self, scores: Any, present: Any) -> Dict[str, Any]:
        """Finds the best valid sequence of tags of each sentence.

        Args:
          scores: float32 [batch, words, tags]; O for filler.
          present: bool [batch, words], False for filler.

        Returns:
          "tags" (string) and "scores" (float32, probabilities), [batch, words]; "" and 0 for
          filler.
        """
        path = tf.argmax(scores, -1, tf.int32)
        final = tf.fill(tf.shape(path)[:1], False) if self._trained else self._valid(path)
        path = tf.cond(
            tf.reduce_all(final) | tf.equal(tf.size(path), 0), lambda: path,
            lambda: tf.where(final[:, None], path, self._viterbi(scores)))
        chosen = tf.exp(tf.gather(scores, path, batch_dims=2))
        return {"tags": tf.where(present, tf.gather(self._tags, path), ""),
                "scores": tf.where(present, chosen, 0.0)}

    def _valid(self, path: Any) -> Any:
        """Bool [batch], True if each word's best tag makes a valid sequence, thus the best one."""
        ends = tf.gather(self._first, path[:, :1]) & tf.gather(self._ends, path[:, -1:])
        return tf.reduce_all(ends, 1) & tf.reduce_all(
            tf.gather_nd(self._follows, tf.stack([path[:, :-1], path[:, 1:]], -1)), 1)

    def _viterbi(self, scores: Any) -> Any:
        start = scores[:, 0] + self._first_cost
        # tf.scan over no element fails: a batch of single words has no step.
        return tf.cond(
            tf.shape(scores)[1] > 1,
            lambda: self._path(start, tf.transpose(scores[:, 1:], [1, 0, 2])),
            lambda: tf.argmax(start + self._last_cost, -1, tf.int32)[:, None])

    def _path(self, start: Any, others: Any) -> Any:
        """Returns int32 [batch, words], the best path.

        Args:
          start: float32 [batch, tags], scores of the first word.
          others: float32 [words - 1, batch, tags], log-probabilities of the others.
        """
        def step(state, word):
            reached = state[0][:, :, None] + self._step_cost
            return tf.reduce_max(reached, 1) + word, tf.argmax(reached, 1, tf.int32)

        best, came_from = tf.scan(step, others, (start, tf.zeros_like(start, tf.int32)))
        last = tf.argmax(best[-1] + self._last_cost, -1, tf.int32)
        path = tf.scan(lambda tag, back: tf.gather(back, tag, batch_dims=1), came_from, last,
                       reverse=True)
        return tf.transpose(tf.concat([path, last[None]], 0))
