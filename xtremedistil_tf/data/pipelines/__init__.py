"""Batches of rows of similar length."""
