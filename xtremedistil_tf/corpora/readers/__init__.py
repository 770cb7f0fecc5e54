"""Readers of corpus formats and sources."""
