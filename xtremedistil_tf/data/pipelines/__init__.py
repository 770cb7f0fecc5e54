"""Batches of sequences of similar length."""
