"""Words to subword tokens and back."""
