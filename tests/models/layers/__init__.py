"""Tests of xtremedistil_tf/models/layers."""
