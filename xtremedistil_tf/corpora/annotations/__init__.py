"""Annotations in a record or a cell: entities by offsets, lists of words and tags."""
