"""Preparation as a whole: which kind of task the data are, and what is done for it."""
