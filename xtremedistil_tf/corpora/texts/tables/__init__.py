"""Tables of texts, of any form: CSV, TSV, JSON, Parquet, fastText's lines."""
