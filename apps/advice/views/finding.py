"""Loading what an address names, as the reader may see it."""

from typing import cast

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from apps.accounts.models import User
from apps.advice.models import Comment, Post, Reply
from apps.advice.threads import comments_for, posts_for, replies_for


def person_of(request: HttpRequest) -> User:
    """Who is signed in, in views that let nobody else in."""
    return cast(User, request.user)


def find_post(request: HttpRequest, pk: str) -> Post:
    """The thread that the reader may see. Raises Http404."""
    return get_object_or_404(posts_for(request.user), pk=pk)


def find_reply(request: HttpRequest, pk: int) -> Reply:
    """The reply that the reader may see. Raises Http404."""
    return get_object_or_404(replies_for(request.user), pk=pk)


def find_comment(request: HttpRequest, pk: int) -> Comment:
    """The comment that the reader may see. Raises Http404."""
    return get_object_or_404(comments_for(request.user), pk=pk)
