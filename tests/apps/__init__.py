"""Tests of xtremedistil_tf/apps."""
