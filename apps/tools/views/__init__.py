"""What visitors see and do at tools. Each module serves one kind of page."""
