"""Tests of xtremedistil_tf/tasks."""
