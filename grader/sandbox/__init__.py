"""Runs a learner's code in another process, and lets torch differentiate across the boundary."""
