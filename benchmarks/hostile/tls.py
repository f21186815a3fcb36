"""Certificates for the cases of TLS: in goes a folder, out come servers' contexts by what is wrong with them."""

from __future__ import annotations

import datetime
import ssl
import warnings
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


def certificates(folder: Path) -> dict[str, ssl.SSLContext]:
    """Contexts called good, expired, early, foreign (another host's), nameless, selfsigned, old (TLS 1.0 alone).

    The authority that signed them is written to `trusted.pem`; of `selfsigned` nobody but itself is.
    """
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.datetime.now(datetime.UTC)
    key = ec.generate_private_key(ec.SECP256R1())
    authority = _signed("Demo Authority", key, None, now - DAY, now + DAY, names=(), issuer="Demo Authority", ca=True)
    (folder / "trusted.pem").write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    spans = {"good": (-1, 1), "expired": (-9, -2), "early": (2, 9), "foreign": (-1, 1), "nameless": (-1, 1)}
    contexts = {}
    for name, (first, last) in spans.items():
        hosts = {"foreign": ("elsewhere.test",), "nameless": ()}.get(name, ("localhost",))
        contexts[name] = _context(
            folder / f"{name}.pem", key, now + first * DAY, now + last * DAY, hosts, "Demo Authority"
        )
    contexts["selfsigned"] = _context(
        folder / "selfsigned.pem", None, now - DAY, now + DAY, ("localhost",), "localhost"
    )
    contexts["old"] = _context(folder / "old.pem", key, now - DAY, now + DAY, ("localhost",), "Demo Authority")
    contexts["old"].set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # that it is old is the point
        contexts["old"].minimum_version = ssl.TLSVersion.TLSv1
        contexts["old"].maximum_version = ssl.TLSVersion.TLSv1
    return contexts


def _context(
    path: Path,
    authority: ec.EllipticCurvePrivateKey | None,
    first: datetime.datetime,
    last: datetime.datetime,
    names: tuple[str, ...],
    issuer: str,
) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    signed = _signed("localhost", key, authority, first, last, names=names, issuer=issuer, ca=False)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(signed.public_bytes(serialization.Encoding.PEM) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def _signed(
    subject: str,
    key: ec.EllipticCurvePrivateKey,
    authority: ec.EllipticCurvePrivateKey | None,
    first: datetime.datetime,
    last: datetime.datetime,
    *,
    names: tuple[str, ...],
    issuer: str,
    ca: bool,
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(first)
        .not_valid_after(last)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if names:
        alternative = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        builder = builder.add_extension(alternative, critical=False)
    return builder.sign(authority or key, hashes.SHA256())
