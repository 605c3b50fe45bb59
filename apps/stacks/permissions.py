"""Who may do what with stacks and companies. Functions that raise `PermissionDenied` with words for the person.

What `may_...` answers costs at most a query, none for a person's own stack.
"""

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied

from apps.accounts.models import User
from apps.stacks.models import Company, Membership, Reading, Stack

Person = User | AnonymousUser


def is_member(person: Person, company_id: int | None, *, role: str = "") -> bool:
    """Whether `person` belongs to the company, with this role if one is named."""
    if not isinstance(person, User) or company_id is None:
        return False
    rows = Membership.objects.filter(person=person, company=company_id)
    return (rows.filter(role=role) if role else rows).exists()


def may_edit(person: Person, stack: Stack) -> bool:
    """One's own stacks, and those of one's companies."""
    if stack.person_id is not None:
        return stack.person_id == person.pk
    return is_member(person, stack.company_id)


def check_edits(person: Person, stack: Stack) -> None:
    if not may_edit(person, stack):
        raise PermissionDenied("Only its owner can do that: the person, or a member of the company.")


def may_delete(person: Person, stack: Stack) -> bool:
    """One's own stacks; those of a company are deleted by who looks after it."""
    if stack.person_id is not None:
        return stack.person_id == person.pk
    return is_member(person, stack.company_id, role=Membership.Role.ADMIN)


def check_deletes(person: Person, stack: Stack) -> None:
    if not may_delete(person, stack):
        raise PermissionDenied("Only its owner can delete it: the person, or who looks after the company.")


def check_adds_to(person: Person, company: Company) -> None:
    """Members add stacks to their company."""
    if not is_member(person, company.pk):
        raise PermissionDenied("Join the company first: only its members add stacks to it.")


def check_copies(person: Person, stack: Stack) -> None:
    """Who may see a stack may start from it."""
    if not Stack.objects.visible_to(person).filter(pk=stack.pk).exists():
        raise PermissionDenied("You can't see this stack.")


def may_look_after(person: Person, company: Company) -> bool:
    """Change the company and its members."""
    return is_member(person, company.pk, role=Membership.Role.ADMIN)


def check_looks_after(person: Person, company: Company) -> None:
    if not may_look_after(person, company):
        raise PermissionDenied("Only members who look after the company can do that.")


def may_publish(person: Person, reading: Reading) -> bool:
    """What was read for somebody is theirs alone."""
    return reading.person_id == person.pk


def check_publishes(person: Person, reading: Reading) -> None:
    if not may_publish(person, reading):
        raise PermissionDenied("Only who had it read can publish it.")
