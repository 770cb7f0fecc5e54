"""Outputs of a teacher that ran elsewhere: tags, probabilities or logits in a file."""
