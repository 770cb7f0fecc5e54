"""Tests of what makes task folders."""
