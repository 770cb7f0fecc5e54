"""The command that makes encoders without a task."""
