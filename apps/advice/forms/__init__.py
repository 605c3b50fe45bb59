"""What people type. Each module serves one kind of page."""
