"""Writes to the tables of this app, a module for each noun."""
