"""Scores of tags, classes, numbers and answers. No TensorFlow."""
