"""Whole files, their fingerprints and locks: what a killed process must not harm."""
