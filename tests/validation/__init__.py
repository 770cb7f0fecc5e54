"""Tests of the checks of what is read from folders."""
