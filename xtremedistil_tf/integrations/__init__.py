"""Students inside other libraries: spaCy, pandas and Polars."""
