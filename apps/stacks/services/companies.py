"""Companies and who belongs to them."""

from apps.accounts.models import User
from apps.stacks.models import Company, Membership


def create_company(
    *, person: User, name: str, website: str = "", domain: str = "", slug: str = "", description: str = ""
) -> Company:
    """A company that `person` looks after. Proved at once where they have a verified mail address of the domain.

    Raises `ValidationError` by field: the slug is a person's or another's, the domain is one of free mail, or proved by another company.
    """
    raise NotImplementedError


def change_company(*, person: User, company: Company, **values: str) -> Company:
    """Change name, website, description; another domain ends what was proved."""
    raise NotImplementedError


def join_company(*, person: User, company: Company) -> Membership:
    """By a verified mail address of the company's domain. Raises `PermissionDenied` that says what to do."""
    raise NotImplementedError


def leave_company(*, person: User, company: Company) -> None:
    """The last who looks after it can't leave while others are members: words say whom to hand it to."""
    raise NotImplementedError


def change_role(*, person: User, membership: Membership, role: str) -> Membership:
    raise NotImplementedError


def remove_member(*, person: User, membership: Membership) -> None:
    raise NotImplementedError
