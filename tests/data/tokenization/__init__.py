"""Tests of xtremedistil_tf/data/tokenization."""
