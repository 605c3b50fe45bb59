"""What changes votes, and with them counters and reputation."""
