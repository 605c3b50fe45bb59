"""Writes. Each verb is a function here; views, the API and tasks call them."""
