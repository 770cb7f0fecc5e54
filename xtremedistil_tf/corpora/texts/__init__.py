"""Labelled texts, pairs, numbers and answers that people have, to a task folder; check and card."""
