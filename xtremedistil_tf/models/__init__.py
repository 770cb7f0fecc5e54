"""Keras models: the layer registry, the teacher and the student."""
