"""The public functions. They use the same table of flags as the commands."""
