"""ONNX graphs of students and teachers."""
