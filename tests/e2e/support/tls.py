"""TLS in front of the real Odoo, with certificates made for the test, and a proxy of our own."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import urllib.parse
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock, Thread

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAY = datetime.timedelta(days=1)
_CHUNK = 65536


class Authority:
    """A certificate authority that nobody knows but who is given its file."""

    def __init__(self, folder: Path, name: str) -> None:
        """Keys and certificates are written into `folder`."""
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        self._certificate = (
            _builder(self._name, self._name, self._key, -1, 30)
            .add_extension(constraints, critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(_pem(self._certificate))

    def sign(self, *hosts: str, since: int = -1, until: int = 30) -> Path:
        """A certificate with its key, for these hosts, valid between these days from today."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
        alternatives = x509.SubjectAlternativeName([_general_name(host) for host in hosts])
        certificate = (
            _builder(subject, self._name, key, since, until)
            .add_extension(alternatives, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        file = self._folder / f"{hosts[0]}-{certificate.serial_number}.pem"
        file.write_bytes(private + _pem(certificate))
        return file


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    since: int,
    until: int,
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + since * _DAY)
        .not_valid_after(now + until * _DAY)
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _general_name(host: str) -> x509.GeneralName:
    with suppress(ValueError):
        return x509.IPAddress(ipaddress.ip_address(host))
    return x509.DNSName(host)


@dataclass
class _Listener:
    """Accepts connections and hands each to a thread. Use it as a context manager."""

    port: int = field(init=False)
    _socket: socket.socket = field(init=False)
    _open: set[socket.socket] = field(default_factory=set, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def __post_init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        Thread(target=self._accept, daemon=True).start()

    def __enter__(self):  # noqa: ANN204 - the subclass's own type
        return self

    def __exit__(self, *exc: object) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        # Whoever refuses a certificate breaks off.
        with suppress(OSError), connection:
            self.serve(connection)

    def serve(self, connection: socket.socket) -> None:
        raise NotImplementedError

    def pipe(self, one: socket.socket, other: socket.socket) -> None:
        """Passes everything on, both ways, until both have ended."""
        with self._lock:
            self._open |= {one, other}
        back = Thread(target=_copy, args=(other, one), daemon=True)
        back.start()
        _copy(one, other)
        back.join()
        with self._lock:
            self._open -= {one, other}


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(_CHUNK):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@dataclass
class TlsFront(_Listener):
    """Speaks TLS with this certificate, and plain HTTP with the Odoo behind it."""

    upstream: str
    certificate: Path
    # How many came as far as to say something.
    trusted_by: int = field(default=0, init=False)

    def serve(self, connection: socket.socket) -> None:
        """One connection to Odoo."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate)
        there = urllib.parse.urlsplit(self.upstream)
        with context.wrap_socket(connection, server_side=True) as encrypted:
            first = encrypted.recv(_CHUNK)
            if not first:
                return
            self.trusted_by += 1
            with socket.create_connection((there.hostname, there.port or 80)) as odoo:
                odoo.sendall(first)
                self.pipe(encrypted, odoo)


@dataclass
class ConnectProxy(_Listener):
    """An HTTP proxy that only knows CONNECT. It leads every host to one port here."""

    leads_to: int
    asked_for: list[str] = field(default_factory=list, init=False)
    # What came before the tunnel, in full.
    heads: list[bytes] = field(default_factory=list, init=False)

    def serve(self, connection: socket.socket) -> None:
        """One tunnel."""
        head = b""
        while b"\r\n\r\n" not in head:
            part = connection.recv(_CHUNK)
            if not part:
                return
            head += part
        self.heads.append(head)
        method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
        if method != "CONNECT":
            connection.sendall(b"HTTP/1.1 405 Method Not Allowed\r\n\r\n")
            return
        self.asked_for.append(target)
        with socket.create_connection(("127.0.0.1", self.leads_to)) as there:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            self.pipe(connection, there)
