"""Tests of xtremedistil_tf/reporting."""
