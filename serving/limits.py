"""How much one request, and all of them together, may ask for."""

from __future__ import annotations

import dataclasses
import ipaddress

from base.options import Options, option

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")  # names of this machine that no other one can give itself


@dataclasses.dataclass(frozen=True, kw_only=True)
class Limits(Options):
    """The limits of a server."""

    body_mb: int = option(32, "Size of a request, in MB; larger ones get 413.", "limits", low=1, high=1024)
    megapixels: float = option(
        16.0, "Pixels of a request's images, in millions; more get 413.", "limits", low=0.01, high=170.0
    )
    queue: int = option(
        16, "Requests that wait for the network; with one more they get 503.", "limits", low=0, high=512
    )
    seconds: float = option(
        120.0,
        "Time from when a request has come to when it is answered; longer ones get 504. It may take as long to come, "
        "and its answer to be taken.",
        "limits",
        low=0.1,
        high=86400.0,
    )

    @property
    def body_bytes(self) -> int:
        """Bytes of a request's body."""
        return self.body_mb * 1_000_000

    @property
    def pixels(self) -> int:
        """Pixels of a request's images."""
        return round(self.megapixels * 1e6)


def names_of(host: str, address: str) -> tuple[str, ...] | None:
    """The names by which a server may be called that listens on an address, which `host` stands for.

    Returns:
      Names as the header Host has them; None, for any, where other machines can reach it: what it goes by there is not
      known here.
    """
    if not ipaddress.ip_address(address.partition("%")[0]).is_loopback:
        return None
    own = (f"[{name}]" if ":" in name else name.lower() for name in (host, address))
    return tuple(dict.fromkeys((*LOOPBACK, *own)))
