"""Tests of xtremedistil_tf/data/pipelines."""
