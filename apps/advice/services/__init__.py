"""What changes threads, replies and comments, and what follows from them."""
