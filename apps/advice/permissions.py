"""Who may do what with what is written. Functions that raise `PermissionDenied` with words for the person. Owner: A1.

`may_...` for templates and views, `check_...` for services: may_edit, may_remove, may_restore (of posts, replies and
comments), may_accept(person, post), may_tell_outcome(person, post). They cost no query.
"""
