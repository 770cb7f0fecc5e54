"""Layers, encoders and embedding matrices of teachers and students."""
