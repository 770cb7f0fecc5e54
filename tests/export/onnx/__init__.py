"""Tests of xtremedistil_tf/export/onnx."""
