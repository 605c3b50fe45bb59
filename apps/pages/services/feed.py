"""What happened around tools and people: made of rows that are due, by a worker, and read for one person. Owner: D."""


def gather() -> int:
    """Make events of posts, replies and changes of stacks that are due; answers how many. For a worker."""
    raise NotImplementedError
