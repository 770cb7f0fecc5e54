"""Converts corpora of many formats into task folders; checks task folders; writes data cards."""
