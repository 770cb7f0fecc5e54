"""Checks of the files in run and student folders, before anything is built from them."""
