"""`check()`: grading from inside a learner's own Python, a notebook's kernel or a script."""
