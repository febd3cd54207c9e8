"""A small DNS server over UDP that answers TXT questions and misbehaves on demand."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

Records = dict[str, list[str]]


@dataclass
class DnsServer:
    """``records`` are the texts by name; ``mood`` says how it behaves: see :meth:`_answers`."""

    records: Records = field(default_factory=dict)
    mood: str = "honest"
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> DnsServer:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._socket.sendto(b"", self._socket.getsockname())  # wakes it up
        self._thread.join(10)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            wire, client = self._socket.recvfrom(4096)
            if not wire:
                return
            query = dns.message.from_wire(wire)
            self.asked.append(query.question[0].name.to_text(omit_final_dot=True))
            for answer in self._answers(query, wire):
                self._socket.sendto(answer, client)

    def _answers(self, query: dns.message.Message, wire: bytes) -> list[bytes]:
        moods: dict[str, Callable[[], list[bytes]]] = {
            "honest": lambda: [self._honest(query).to_wire()],
            "silent": list,
            "servfail": lambda: [self._code(query, dns.rcode.SERVFAIL)],
            "refused": lambda: [self._code(query, dns.rcode.REFUSED)],
            "garbage": lambda: [b"\xff" * 40],
            "cut": lambda: [self._honest(query).to_wire()[:-7]],
            "echo": lambda: [wire],
            "forged_id": lambda: [self._forged(query)],
            "forged_then_honest": lambda: [self._forged(query), self._honest(query).to_wire()],
            "truncated": lambda: [self._truncated(query)],
            "empty": lambda: [dns.message.make_response(query).to_wire()],
        }
        return moods[self.mood]()

    def _honest(self, query: dns.message.Message) -> dns.message.Message:
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        name = query.question[0].name
        texts = self.records.get(name.to_text(omit_final_dot=True).lower())
        if texts is None:
            response.set_rcode(dns.rcode.NXDOMAIN)
        else:
            quoted = [
                " ".join(f'"{text[at : at + 200]}"' for at in range(0, max(len(text), 1), 200))
                for text in texts
            ]
            response.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", *quoted))
        return response

    def _forged(self, query: dns.message.Message) -> bytes:
        response = self._honest(query)
        response.id = (query.id + 1) % 65536
        return response.to_wire()

    def _truncated(self, query: dns.message.Message) -> bytes:
        response = dns.message.make_response(query)
        response.flags |= dns.flags.TC
        return response.to_wire()

    def _code(self, query: dns.message.Message, code: dns.rcode.Rcode) -> bytes:
        response = dns.message.make_response(query)
        response.set_rcode(code)
        return response.to_wire()
