"""The paper's studies as grids of runs that share a teacher and its targets."""
