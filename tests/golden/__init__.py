"""Texts with the entities that every runtime and client must find in them."""
