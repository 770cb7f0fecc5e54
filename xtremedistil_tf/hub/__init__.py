"""The model hub: is it there, and what it holds as folders of this machine."""
