"""Pages of advice and decisions."""
