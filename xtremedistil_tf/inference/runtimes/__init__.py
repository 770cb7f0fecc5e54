"""One module a runtime: arrays of ids in, arrays of scores out."""
