"""Files, folders, archives and names as sources of rows."""
