"""What pages read of threads. Owners: B1 (thread_of and what it needs), B2 (lists), A2 (similar_posts)."""
