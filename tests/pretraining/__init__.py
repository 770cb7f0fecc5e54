"""Tests of the room `pretraining`."""
