"""TXT records of domains, asked for by name only: nothing is fetched from where they lead."""

import dns.exception
import dns.resolver
from django.conf import settings

# For the whole of a question, with its repetitions. A worker asks, and somebody waits for the answer.
SECONDS = 5.0


class DnsError(Exception):
    """No answer, with words for a person. `is_final`: to ask again helps nothing."""

    def __init__(self, reason: str, *, is_final: bool = False) -> None:
        super().__init__(reason)
        self.is_final = is_final


def txt_records(domain: str) -> list[str]:
    """The TXT records of `domain`, each with its strings joined. Raises `DnsError`."""
    try:
        answer = _resolver().resolve(domain, "TXT", lifetime=SECONDS, search=False)
    except dns.resolver.NXDOMAIN as error:
        raise DnsError(f"There is no domain {domain}.", is_final=True) from error
    except dns.resolver.NoAnswer:
        return []
    except dns.exception.Timeout as error:
        raise DnsError(f"The name servers of {domain} did not answer in time. We try again.") from error
    except dns.exception.DNSException as error:
        raise DnsError(
            f"The name servers of {domain} gave no answer that can be used. We try again."
        ) from error
    return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]


def _resolver() -> dns.resolver.Resolver:
    if not settings.DNS_SERVERS:
        return dns.resolver.Resolver()
    resolver = dns.resolver.Resolver(configure=False)
    servers = [server.rpartition(":") for server in settings.DNS_SERVERS]
    resolver.nameservers = [address for address, _, _ in servers]
    resolver.nameserver_ports = {address: int(port) for address, _, port in servers}
    return resolver
