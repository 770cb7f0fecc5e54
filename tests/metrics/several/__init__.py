"""Tests of xtremedistil_tf/metrics/several."""
