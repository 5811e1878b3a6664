"""The checks and misconceptions of every exercise: one file each, ordinary pytest."""
