"""Layers, bodies and matrices that teachers and students are built from."""
