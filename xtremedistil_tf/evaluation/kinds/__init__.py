"""The parts of an evaluation that depend on the kind of task."""
