"""`grade audit`: proves that the checks of a course catch and name every mistake that they know."""
