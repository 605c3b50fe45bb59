"""A name server that runs here: real DNS over UDP and TCP, for the domains that a test gives it."""

import socket
import struct
import threading
from typing import Self

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


class FakeNameServer:
    """`records`: TXT records by domain; another domain does not exist. `is_silent`: it answers nothing at all."""

    def __init__(self) -> None:
        self.records: dict[str, list[str]] = {}
        self.rcode = dns.rcode.NOERROR
        self.is_silent = False
        self.questions: list[str] = []
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(self._tcp.getsockname())
        self._threads = [threading.Thread(target=work) for work in (self._serve_udp, self._serve_tcp)]

    @property
    def address(self) -> str:
        host, port = self._udp.getsockname()
        return f"{host}:{port}"

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._udp.sendto(b"", self._udp.getsockname())
        self._tcp.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._udp.close()
        self._tcp.close()

    def _serve_udp(self) -> None:
        while True:
            question, sender = self._udp.recvfrom(4096)
            if not question:
                return
            if not self.is_silent:
                answer = self._answer(question)
                wire = answer.to_wire()
                if len(wire) > 512:
                    # Too long for a packet: the asker comes again by TCP.
                    answer.answer.clear()
                    answer.flags |= dns.flags.TC
                    wire = answer.to_wire()
                self._udp.sendto(wire, sender)

    def _serve_tcp(self) -> None:
        while True:
            try:
                connection, _ = self._tcp.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as stream:
                (length,) = struct.unpack("!H", stream.read(2))
                wire = self._answer(stream.read(length)).to_wire()
                stream.write(struct.pack("!H", len(wire)) + wire)

    def _answer(self, wire: bytes) -> dns.message.Message:
        question = dns.message.from_wire(wire)
        answer = dns.message.make_response(question)
        name = question.question[0].name
        domain = name.to_text(omit_final_dot=True)
        self.questions.append(domain)
        answer.set_rcode(self.rcode if domain in self.records else dns.rcode.NXDOMAIN)
        texts = self.records.get(domain)
        if texts and not self.rcode:
            quoted = ['"' + text.replace('"', '\\"') + '"' for text in texts]
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", *quoted))
        return answer
