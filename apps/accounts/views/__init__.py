"""A person's own pages, by noun."""
