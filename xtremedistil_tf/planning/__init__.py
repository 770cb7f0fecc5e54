"""A run before it starts: the settings that nobody named, its time, its memory, its disk."""
