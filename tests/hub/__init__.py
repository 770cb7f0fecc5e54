"""The model hub, by a stand-in on this machine."""
