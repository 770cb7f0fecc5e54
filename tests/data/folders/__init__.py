"""Tests of xtremedistil_tf/data/folders."""
