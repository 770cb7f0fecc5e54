"""Scores of tags that form no entities, word by word."""
