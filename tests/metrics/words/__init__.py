"""Tests of scores of words and tags."""
