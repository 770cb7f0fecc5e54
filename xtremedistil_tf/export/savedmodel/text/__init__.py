"""Tokenizers inside a graph: words and subword tokens of text, as in Python."""
