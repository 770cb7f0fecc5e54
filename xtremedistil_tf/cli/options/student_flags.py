"""The flags that describe a student."""

from xtremedistil_tf import config as cfg
from xtremedistil_tf.cli.options.option import setting

# Flags of a student that starts from a checkpoint.
START_FLAGS = (
    setting("pt_student_checkpoint", "student.pt_student_checkpoint",
            "Hub name or local folder of a small encoder (BERT, DistilBERT, ELECTRA, RoBERTa "
            "kind). A Transformer student starts from it, with its sizes, its tokenizer and its "
            "whole vocabulary."),
    setting("freeze_word_embedding", "student.freeze_word_embedding",
            "Never train the word embedding (nor a Transformer's positions)."),
    setting("dropout_rate", "student.dropout_rate", "Dropout between the layers."),
    setting("dense_act_func", "student.dense_act_func",
            "Activation of the projection (paper: gelu).", choices=cfg.ACTIVATIONS),
    setting("logits_from", "student.logits_from",
            "What the logits are computed from. projection (the default, authors' code): the "
            "projection to the teacher's width. encoder (paper Eq. 1 and 3): the BiLSTM's or "
            "Transformer's states; the projection is for the representation's loss alone, and the "
            "finished student is smaller and faster without it.",
            choices=cfg.LOGITS_FROM, derived=True),
    setting("pooling", "student.pooling",
            "How one vector for a text comes from its tokens, in classification. BiLSTM: last (the "
            "default) or max (authors' v1). Transformer: first (the default) or mean."),
)

# Kind, sizes and initial weights of a student.
MODEL_FLAGS = (
    setting("student", "student.student",
            "Kind of student: bilstm, transformer, or one of an installed package. Default: "
            "transformer if --hidden_size, --num_hidden_layers, --num_attention_heads or "
            "--pt_student_checkpoint is given, otherwise bilstm.",
            names=cfg.ARCHITECTURES.names),
    setting("compress_word_embedding", "student.compress_word_embedding",
            "With --pt_student_checkpoint: use the teacher's tokenizer, and start the word "
            "embedding from the teacher's, as --word_embedding says. Other students always do."),
    setting("word_emb_dim", "student.word_emb_dim",
            "E, the width of the word embedding. Default: 50; with epochs given 300 (--defaults); "
            "of a Transformer --hidden_size, and another width is projected to it.", derived=True),
    setting("bilstm_hidden_size", "student.bilstm_hidden_size",
            "H, the units of each direction of the BiLSTM. Default: 200; with epochs given 600 "
            "(--defaults).", derived=True),
    setting("bilstm_layers", "student.bilstm_layers",
            "Number of BiLSTM layers, each of H units. Stages train and freeze them together. With "
            "E=50, two of H=112 have about the parameters of one of H=200."),
    setting("hidden_size", "student.hidden_size",
            "Width of the Transformer's layers. Their inner width is four times it."),
    setting("num_hidden_layers", "student.num_hidden_layers",
            "Number of the Transformer's layers."),
    setting("num_attention_heads", "student.num_attention_heads",
            "Number of attention heads of a layer. It must divide --hidden_size."),
    setting("recurrent_dropout", "student.recurrent_dropout",
            "Dropout inside the LSTM (authors: 0.2). Above 0 a GPU cannot use cuDNN."),
    setting("input_dropout", "student.input_dropout",
            "Dropout of the LSTM's inputs, after the embedding's own --dropout_rate (authors: "
            "0.2)."),
    setting("word_embedding", "student.word_embedding",
            "Start of the word embedding (paper Table 7). From the fine-tuned teacher's: svd, pca "
            "(released code), ppa, or full (its whole width). From the teacher's before "
            "fine-tuning: svd_pretrained. Others: random, or file (word vectors; the default with "
            "--word_emb_file).",
            choices=cfg.WORD_EMBEDDINGS),
    setting("word_emb_file", "student.word_emb_file",
            "Text file of word vectors: GloVe, fastText or MUSE (.vec)."),
    setting("ppa_components", "student.ppa_components",
            "Number of principal components that --word_embedding=ppa removes (paper: 14, 17)."),
    setting("vocabulary", "student.vocabulary",
            "Tokenizer of the student. teacher: the teacher's; subword tokens that are not in "
            "train and transfer set are unknown. cut: the teacher's, cut to the tokens that the "
            "student keeps, so that it knows all it reads. Default: for tags without epochs cut "
            "if the tokenizer can be cut, else teacher (--defaults).", choices=cfg.VOCABULARIES,
            derived=True),
    setting("vocabulary_min_count", "student.vocabulary_min_count",
            "With --vocabulary=cut: keep the subword tokens that occur at least this often in "
            "train and transfer set. Others are split into smaller ones. Default: without epochs "
            "2, else 1 (--defaults).", derived=True),
    setting("pair_encoding", "student.pair_encoding",
            "How a BiLSTM reads two texts. siamese (the default): each alone, joined with |u - v| "
            "and u * v. joint: as one sequence with a segment embedding. A Transformer always "
            "reads one sequence.", choices=cfg.PAIR_ENCODINGS, derived=True),
)
