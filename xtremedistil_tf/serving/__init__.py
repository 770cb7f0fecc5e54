"""Students in use: loading, tagging text, SavedModel export."""
