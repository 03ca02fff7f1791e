"""The error that a user's data can cause."""


class DataError(ValueError):
    """Data that cannot be used; its message is one line: what is wrong, where, and what to do."""
