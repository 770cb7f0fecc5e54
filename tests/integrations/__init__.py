"""Students inside other libraries."""
