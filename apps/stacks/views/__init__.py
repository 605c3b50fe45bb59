"""What visitors see and do at stacks and companies. Each module serves one kind of page."""
