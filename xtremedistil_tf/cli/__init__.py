"""Commands: absl flags in, configuration out; the only place that reads FLAGS."""
