"""Corpora as people have them to task folders; checks and data cards."""
