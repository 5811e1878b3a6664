"""Flashcards on generative image models, with spaced repetition in the terminal."""
