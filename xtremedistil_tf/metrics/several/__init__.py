"""Scores of texts with several labels."""
