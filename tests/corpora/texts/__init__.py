"""Tests of xtremedistil_tf/corpora/texts."""
