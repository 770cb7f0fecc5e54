"""Task folders: their files, splits and labels."""
