"""Tests of xtremedistil_tf/metrics/uncertainty."""
