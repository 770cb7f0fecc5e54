"""Readers of task folders: rows, texts, GLUE, SQuAD."""
