"""Tests of xtremedistil_tf/data/outputs."""
