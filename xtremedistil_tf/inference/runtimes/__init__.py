"""The runtimes, one module each: they map arrays of ids to arrays of logits."""
