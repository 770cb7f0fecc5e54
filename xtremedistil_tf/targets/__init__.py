"""Teacher outputs: written once, stored on disk, read in batches."""
