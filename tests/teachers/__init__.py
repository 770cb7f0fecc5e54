"""Tests of the kinds of teacher."""
