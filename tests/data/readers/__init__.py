"""Tests of xtremedistil_tf/data/readers."""
