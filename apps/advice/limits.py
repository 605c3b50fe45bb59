"""How much people may write. Pure numbers, with the reasons."""

# On an account's first day, as many as Discourse lets a newcomer: enough to ask and to answer, little for a robot.
FIRST_DAY_POSTS = 3
FIRST_DAY_REPLIES = 10
FIRST_DAY_COMMENTS = 10
# Of a newcomer, in one text: to the docs and to the code, not a page of advertising.
NEWCOMER_LINKS = 2
# Of everybody: faster than anybody thinks and writes.
POST_LIMIT = "10/hour"
REPLY_LIMIT = "60/hour"
# Each keeps what was there before.
EDIT_LIMIT = "60/hour"
# Of each part ("on Django, Python, Flask"): more is a list, not a question.
MAX_TOOLS = 5
MAX_CHOSEN = 3
MAX_RECOMMENDED = 3
# People told of one text that mentions them; others are linked all the same.
MAX_MENTIONS = 10
# Unpublished, of one person: the oldest goes when another is begun.
MAX_DRAFTS = 20
# Of a draft's fields together.
MAX_DRAFT_CHARACTERS = 40_000
