"""Tests of xtremedistil_tf/evaluation."""
