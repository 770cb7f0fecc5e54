"""Applications over a student: the page and the Beam pipeline."""
