"""Thin shells over the services; each does what is due and is harmless to repeat."""
