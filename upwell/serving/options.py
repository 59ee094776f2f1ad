"""What a server may do and how much."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from upwell.errors import UserError


@dataclass(frozen=True, kw_only=True)
class ServerOptions:
    """Checked when it is made: a UserError names the option that is wrong, or the door that would stand open."""

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = 8000
    """0 takes a free one."""
    api_key: str | None = None
    """What clients must send as `Authorization: Bearer KEY`; None: nothing."""
    open_to_all: bool = False
    """Whether other machines may come in without a key."""
    allowed_hosts: tuple[str, ...] = ()
    """Names besides localhost by which the server may be called; any IP address always may be used."""
    allowed_origins: tuple[str, ...] = ()
    """Web pages of other servers that may use this one, like https://example.org (CORS)."""
    max_rows: int = 16
    """Texts that one model writes side by side."""
    max_waiting: int = 64
    """Texts that wait for one model; one more is told to come back later."""
    max_tokens: int = 4096
    """Most tokens that a request may ask for."""
    max_prompt_tokens: int = 32768
    """Longest prompt."""
    max_body_bytes: int = 2**20
    """Longest request."""
    max_seconds: float = 300
    """Longest time that a request may take."""
    memory: float | None = None
    """GB for the loaded models together; None: half of what is free at the start."""
    cache_bytes: int = 64 * 2**20
    """For each model: states of texts that were read, so that a conversation is not read anew."""
    report: str | None = None
    """A report of upwell emerge for the page, or its folder; None: what lies beside a run."""
    log_prompts: bool = False
    """Whether the log holds what was asked and written."""

    def __post_init__(self) -> None:
        for name, low, high in (
            ("port", 0, 65535),
            ("max_rows", 1, 4096),
            ("max_waiting", 0, 10**6),
            ("max_tokens", 1, 10**9),
            ("max_prompt_tokens", 1, 10**9),
            ("max_body_bytes", 1, 2**32),
            ("max_seconds", 0.001, 10**6),
            ("memory", 0.001, 10**6),
        ):
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise UserError(f"--{name.replace('_', '-')} {value}: expected a number from {low:g} to {high:g}")
        if self.api_key is not None and not (self.api_key.isascii() and self.api_key.isprintable() and self.api_key):
            raise UserError("--api-key: expected printable ASCII characters, and at least one")
        for origin in self.allowed_origins:
            parts = urlsplit(origin)
            if parts.scheme not in ("http", "https") or origin != f"{parts.scheme}://{parts.netloc}":
                raise UserError(f"--allow-origin {origin}: expected a scheme and a host, like https://example.org")
        if not self.is_local and self.api_key is None and not self.open_to_all:
            raise UserError(
                f"--host {self.host}: other machines could use this server; give --api-key KEY, or say --open-to-all"
            )

    @property
    def is_local(self) -> bool:
        """Whether only this machine can come in."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False
