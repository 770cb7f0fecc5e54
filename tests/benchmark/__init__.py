"""Tests of xtremedistil_tf/benchmark."""
