"""Transformer students as checkpoints that the transformers library opens."""
