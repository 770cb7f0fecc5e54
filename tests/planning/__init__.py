"""Tests of a run before it starts."""
