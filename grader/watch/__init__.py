"""`grade --watch`: a session that grades a file again at every save."""
