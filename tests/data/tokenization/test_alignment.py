"""Words to pieces: labels on first pieces, cut words, words without a piece."""

import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from xtremedistil_tf.data.labels import LabelSet
from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.data.tokenization.alignment import align, pieces_of
from xtremedistil_tf.data.tokenization.ragged import Ragged
from xtremedistil_tf.data.tokenization.vocabulary import PAD_ID, UNKNOWN_ID, StudentVocabulary

PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "ab", "##cd", "##ef", "g", "."]
LABELS = LabelSet(["O", "B-PER", "I-PER"])


@pytest.fixture(scope="module")
def hand_tokenizer():
    vocabulary = {piece: index for index, piece in enumerate(PIECES)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]",
        sep_token="[SEP]",
    )


def rows(features):
    return features.input_ids.values.tolist(), features.label_ids.values.tolist()


def test_first_piece_carries_the_tag_and_the_rest_is_x(hand_tokenizer):
    features = align(hand_tokenizer, [Example(("abcd", "g"), ("B-PER", "O"))], 8, LABELS)
    ids, classes = rows(features)
    assert ids == [2, 4, 5, 7, 3]
    assert classes == [LABELS.cls_id, 1, LABELS.x_id, 0, LABELS.sep_id]
    assert features.word_starts[0].tolist() == [1, 3]
    assert features.counts["pieces"] == 5 and features.counts["cut_words"] == 0


def test_cut_words_keep_their_gold_tags(hand_tokenizer):
    example = Example(("abcd", "g", "g", "g"), ("B-PER", "O", "B-PER", "I-PER"))
    features = align(hand_tokenizer, [example], 5, LABELS)
    assert features.input_ids[0].tolist() == [2, 4, 5, 7, 3]
    assert features.word_starts[0].tolist() == [1, 3, -1, -1]
    assert features.tags == [("B-PER", "O", "B-PER", "I-PER")]
    assert (features.counts["cut_words"], features.counts["cut_sentences"]) == (2, 1)
    assert features.counts["empty_words"] == 0


def test_a_word_cut_in_its_middle_keeps_its_first_piece(hand_tokenizer):
    features = align(hand_tokenizer, [Example(("abcdef", "g"), ("B-PER", "O"))], 4, LABELS)
    assert features.input_ids[0].tolist() == [2, 4, 5, 3]
    assert features.word_starts[0].tolist() == [1, -1]


def test_words_without_a_piece_are_counted_and_shift_nothing(hand_tokenizer):
    example = Example(("g", "\u2028", "abcd"), ("O", "O", "B-PER"))
    features = align(hand_tokenizer, [example], 8, LABELS)
    assert features.word_starts[0].tolist() == [1, -1, 2]
    assert features.counts["empty_words"] == 1 and features.counts["cut_words"] == 0
    assert rows(features)[1] == [LABELS.cls_id, 0, 1, LABELS.x_id, LABELS.sep_id]


def test_unknown_pieces_are_counted(hand_tokenizer):
    ((rows_of_chunk, counts),) = pieces_of(hand_tokenizer, [Example(("zz", "g"), ())], 8)
    assert counts["unknown_pieces"] == 1 and counts["sentences"] == len(rows_of_chunk) == 1


def test_ragged_padding():
    ragged = Ragged.of([[1, 2, 3], [4], [5, 6]])
    assert ragged.lengths.tolist() == [3, 1, 2]
    assert ragged.padded(np.array([1, 2]), 9).tolist() == [[4, 9], [5, 6]]


def test_student_vocabulary_maps_seen_pieces_and_nothing_else(tmp_path):
    vocabulary = StudentVocabulary.from_seen(
        [np.array([7, 4, 4]), np.array([2, 3, 5])], pad_id=0, unknown_id=1, teacher_size=9
    )
    assert vocabulary.teacher_ids.tolist() == [0, 1, 2, 3, 4, 5, 7]
    assert vocabulary.table[[4, 7]].tolist() == [4, 6]
    assert vocabulary.table[[6, 8, 1]].tolist() == [UNKNOWN_ID] * 3
    # A literal [PAD] in a text is a piece like any other unknown one, never padding.
    assert vocabulary.table[0] == UNKNOWN_ID
    assert vocabulary.teacher_ids[PAD_ID] == 0
    vocabulary.save(tmp_path / "vocabulary.npy")
    loaded = StudentVocabulary.load(tmp_path / "vocabulary.npy")
    assert loaded.table.tolist() == vocabulary.table.tolist()
