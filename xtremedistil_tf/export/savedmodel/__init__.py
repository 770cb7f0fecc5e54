"""SavedModels for TF Serving: text in, tags or classes out."""
