"""What is told to a client: one line, and the status code of HTTP that says whose matter it is."""

from __future__ import annotations

from base.errors import UserError


class RequestError(UserError):
    """A request that gets another answer than it asked for.

    Attributes:
      code: int, the status of the answer.
      retry_after: seconds after which it may be sent again; None where that would change nothing.
      detail: str, what is for the one who runs the server alone.
    """

    def __init__(self, message: str, code: int = 400, retry_after: int | None = None, detail: str = ""):
        super().__init__(message)
        self.code, self.retry_after, self.detail = code, retry_after, detail
