"""Encryption of a backup: AES-256-GCM from `cryptography`, which the pinned set holds already.

A file is a header and chunks. Each chunk is sealed under its number, the last under a mark of its
own, so that none can be changed, moved, left out or cut off unnoticed. The key comes from the
passphrase by scrypt, which makes guessing dear.
"""

from __future__ import annotations

import hmac
import io
import os
from typing import IO, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from .manifest import Refused

MAGIC = b"PARLEY-SEALED-1\n"
_CHUNK = 1 << 20
_SALT, _PREFIX, _CHECK, _TAG = 16, 7, 32, 16
# 128 MB and some tenths of a second for each guess.
_COST = {"n": 1 << 17, "r": 8, "p": 1}

LOCKED = "This backup is encrypted: its passphrase is needed."
WRONG_KEY = "The passphrase does not fit this backup."
DAMAGED = "This backup is damaged or cut off: what is encrypted in it has been changed."


class _Cipher:
    """Seals and opens the chunks of one file, in their order."""

    def __init__(self, passphrase: str, salt: bytes, prefix: bytes) -> None:
        derived = Scrypt(salt=salt, length=32 + _CHECK, **_COST).derive(passphrase.encode())
        self.aead, self.check = AESGCM(derived[:32]), derived[32:]
        self.header = MAGIC + salt + prefix + self.check
        self.prefix, self.number = prefix, 0

    def _nonce(self, is_last: bool) -> bytes:
        number, self.number = self.number, self.number + 1
        return self.prefix + number.to_bytes(4, "big") + bytes([is_last])

    def seal(self, chunk: bytes, *, is_last: bool) -> bytes:
        return self.aead.encrypt(self._nonce(is_last), chunk, self.header)

    def open(self, chunk: bytes, *, is_last: bool) -> bytes:
        return self.aead.decrypt(self._nonce(is_last), chunk, self.header)


class Sealing(io.RawIOBase):
    """Takes plain bytes and writes them sealed into `sink`; `close` writes the last chunk."""

    def __init__(self, sink: IO[bytes], passphrase: str) -> None:
        self.sink, self.kept = sink, bytearray()
        self.cipher = _Cipher(passphrase, os.urandom(_SALT), os.urandom(_PREFIX))
        sink.write(self.cipher.header)

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.kept += data
        # One chunk stays back: the last has to be known as such.
        while len(self.kept) > _CHUNK:
            self.sink.write(self.cipher.seal(bytes(self.kept[:_CHUNK]), is_last=False))
            del self.kept[:_CHUNK]
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self.sink.write(self.cipher.seal(bytes(self.kept), is_last=True))
        super().close()


class Opening(io.RawIOBase):
    """Gives the plain bytes of a sealed `source`, which stands behind MAGIC.

    Raises Refused for a wrong passphrase at once, for what was changed or cut off when read.
    """

    def __init__(self, source: IO[bytes], passphrase: str) -> None:
        salt, prefix, check = (source.read(size) for size in (_SALT, _PREFIX, _CHECK))
        if len(check) < _CHECK:
            raise Refused(DAMAGED)
        if not passphrase:
            raise Refused(LOCKED)
        self.source, self.cipher = source, _Cipher(passphrase, salt, prefix)
        if not hmac.compare_digest(check, self.cipher.check):
            raise Refused(WRONG_KEY)
        self.sealed, self.plain = source.read(_CHUNK + _TAG), b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self.plain and self.sealed:
            self._open_next()
        given = self.plain[: len(buffer)]
        buffer[: len(given)] = given
        self.plain = self.plain[len(given) :]
        return len(given)

    def _open_next(self) -> None:
        following = self.source.read(_CHUNK + _TAG)
        try:
            self.plain = self.cipher.open(self.sealed, is_last=not following)
        except InvalidTag as error:
            raise Refused(DAMAGED) from error
        self.sealed = following
