"""From files to numbers: examples, labels, alignment, vocabulary, batches."""
