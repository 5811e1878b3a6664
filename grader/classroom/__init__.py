"""Classes: what nbgrader needs to release, grade and return the exercises."""
