"""Scores finished models on labelled files: students, teachers, files of predictions."""
