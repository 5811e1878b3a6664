"""Formulas as trees: declared by authors, printed, edited in small ways, evaluated many at once."""
