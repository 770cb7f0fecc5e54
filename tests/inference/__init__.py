"""Tests of xtremedistil_tf/inference."""
