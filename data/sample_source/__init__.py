"""Source material of the sample data: grammar engine, word lists and templates."""
