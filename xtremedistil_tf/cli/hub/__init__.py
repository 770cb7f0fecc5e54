"""The command that publishes on the model hub."""
