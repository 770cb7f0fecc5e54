"""Files, folders, archives and Hugging Face data sets as sources of rows."""
