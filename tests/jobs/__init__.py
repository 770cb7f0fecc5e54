"""Tests of xtremedistil_tf/jobs."""
