"""The flags of what a student is."""

from xtremedistil_tf import config as cfg
from xtremedistil_tf.cli.options.option import setting

# What a student that starts from a checkpoint has to say beside its name.
START_FLAGS = (
    setting("pt_student_checkpoint", "student.pt_student_checkpoint",
            "Hub name or local folder of a small encoder (BERT, DistilBERT, ELECTRA, RoBERTa "
            "kind) that a Transformer starts from, with its own tokenizer and whole vocabulary; "
            "the sizes are the checkpoint's."),
    setting("freeze_word_embedding", "student.freeze_word_embedding",
            "No step trains the word embedding (a Transformer's positions included)."),
    setting("dropout_rate", "student.dropout_rate", "Dropout between the layers."),
    setting("dense_act_func", "student.dense_act_func",
            "Activation of the projection (paper: gelu).", choices=cfg.ACTIVATIONS),
    setting("pooling", "student.pooling",
            "What stands for a text in classification: the BiLSTM's last states (its default) or "
            "the max of each unit (authors' v1); a Transformer's first position (its default) or "
            "the mean over the text.",
            choices=sorted({name for names in cfg.POOLINGS.values() for name in names})),
)

# Kind, sizes and start of a student.
MODEL_FLAGS = (
    setting("student", "student.student",
            "bilstm, or transformer: a small encoder; the default where --hidden_size, "
            "--num_hidden_layers, --num_attention_heads or --pt_student_checkpoint is given.",
            choices=tuple(cfg.STUDENTS)),
    setting("compress_word_embedding", "student.compress_word_embedding",
            "With --pt_student_checkpoint: read the teacher's pieces instead, the word embedding "
            "started from the teacher's as --word_embedding says. Other students do so anyway."),
    setting("word_emb_dim", "student.word_emb_dim",
            "E, width of the embedding; with --student=transformer the default is --hidden_size, "
            "to which another width is projected."),
    setting("bilstm_hidden_size", "student.bilstm_hidden_size",
            "H, units of each direction (bilstm)."),
    setting("hidden_size", "student.hidden_size",
            "Width of the layers (transformer); the inner width is four times it."),
    setting("num_hidden_layers", "student.num_hidden_layers", "Depth (transformer)."),
    setting("num_attention_heads", "student.num_attention_heads",
            "Heads of a layer, a divisor of --hidden_size (transformer)."),
    setting("recurrent_dropout", "student.recurrent_dropout",
            "Dropout inside the LSTM (authors: 0.2; above 0 no cuDNN)."),
    setting("word_embedding", "student.word_embedding",
            "Start of the embedding (paper Table 7): svd, pca (released code) or ppa of the "
            "fine-tuned teacher's, svd_pretrained of the one before fine-tuning, full: its whole "
            "width, random, or file: word vectors. With --word_emb_file the default is file.",
            choices=cfg.WORD_EMBEDDINGS),
    setting("word_emb_file", "student.word_emb_file",
            "Word vectors as text: GloVe, or fastText and MUSE (.vec)."),
    setting("ppa_components", "student.ppa_components",
            "Principal components that --word_embedding=ppa removes (paper: 14, 17)."),
    setting("pair_encoding", "student.pair_encoding",
            "How a BiLSTM reads two texts: siamese, each alone, joined with |u - v| and u * v "
            "(its default), or joint, as one row with a segment embedding. A Transformer reads "
            "one row.", choices=cfg.PAIR_ENCODINGS, derived=True),
)
