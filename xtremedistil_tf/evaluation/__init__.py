"""Scores of teacher and student, and the report a run leaves behind."""
