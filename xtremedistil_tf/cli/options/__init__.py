"""Flags of the commands, and the configuration they make."""
