"""Tests of xtremedistil_tf/targets."""
