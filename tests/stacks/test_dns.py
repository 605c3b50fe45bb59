"""TXT records, asked of a real name server on this machine."""

from collections.abc import Iterator
from typing import Any

import dns.rcode
import pytest

from apps.stacks import dns as records
from apps.stacks.dns import DnsError, txt_records
from tests.stacks.nameserver import FakeNameServer


@pytest.fixture
def server(settings: Any) -> Iterator[FakeNameServer]:
    with FakeNameServer() as running:
        settings.DNS_SERVERS = [running.address]
        yield running


def test_txt_records_are_those_of_the_domain(server: FakeNameServer):
    server.records = {"example.com": ["v=spf1 -all", "one=1"], "other.example": ["two=2"]}
    assert sorted(txt_records("example.com")) == ["one=1", "v=spf1 -all"]


def test_strings_of_a_record_are_joined(server: FakeNameServer):
    server.records = {"example.com": ['stackshare-verification="" ""abc']}
    assert txt_records("example.com") == ['stackshare-verification="" ""abc']


def test_records_that_fit_no_packet_come_by_tcp(server: FakeNameServer):
    server.records = {"example.com": [f"record-{index}-{'x' * 100}" for index in range(20)]}
    assert len(txt_records("example.com")) == 20


def test_domain_without_txt_records_has_none(server: FakeNameServer):
    server.records = {"example.com": []}
    assert txt_records("example.com") == []


def test_domain_that_does_not_exist_is_final(server: FakeNameServer):
    with pytest.raises(DnsError, match=r"There is no domain nothing\.example") as caught:
        txt_records("nothing.example")
    assert caught.value.is_final


def test_server_that_fails_is_asked_again_later(server: FakeNameServer):
    server.records, server.rcode = {"example.com": ["a"]}, dns.rcode.SERVFAIL
    with pytest.raises(DnsError, match="We try again") as caught:
        txt_records("example.com")
    assert not caught.value.is_final


def test_server_that_is_silent_is_asked_again_later(server: FakeNameServer, monkeypatch: pytest.MonkeyPatch):
    server.is_silent = True
    monkeypatch.setattr(records, "SECONDS", 0.2)
    with pytest.raises(DnsError, match="in time") as caught:
        txt_records("example.com")
    assert not caught.value.is_final


@pytest.mark.parametrize("domain", ["a..b", "x" * 70 + ".example", "exa mple.com\n", ""])
def test_what_is_no_domain_has_an_error_in_words(server: FakeNameServer, domain: str):
    server.records = {}
    with pytest.raises(DnsError):
        txt_records(domain)


def test_servers_of_the_system_are_asked_where_none_are_set(settings: Any):
    settings.DNS_SERVERS = []
    assert records._resolver().nameservers
