"""Tests of xtremedistil_tf/training."""
