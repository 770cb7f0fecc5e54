"""Checks of what is read from a run or student folder, before anything is built from it."""
