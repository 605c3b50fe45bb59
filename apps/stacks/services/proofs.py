"""Showing that a domain or a repository is one's own: a DNS record, or a file in the repository."""

from apps.accounts.models import User
from apps.stacks.models import Company, ProofCheck, Stack

# The DNS TXT record of a domain, and what a file `PROOF_FILE` in a repository's default branch must hold.
RECORD = "stackshare-verification={token}"
PROOF_FILE = ".stackshare"


def ask_for_company_proof(*, person: User, company: Company) -> ProofCheck:
    """Have a worker look for the TXT record at the company's domain; who asked looks after the company if it is there."""
    raise NotImplementedError


def ask_for_stack_proof(*, person: User, stack: Stack, way: str) -> ProofCheck:
    """Have a worker look for the file in the stack's repository ("file"), or for a TXT record at the company's proved
    domain ("dns": the stack's token)."""
    raise NotImplementedError


def check_due_proofs() -> int:
    """Look for what is due, for some minutes at most; answers how many were looked at. What is found sets tiers anew."""
    raise NotImplementedError
