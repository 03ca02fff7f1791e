"""What is told to a user: one class for each cause. A message is one line: what is wrong, where, what to do."""


class UserError(Exception):
    """Something that the person who started the program can mend.

    Attributes:
      exit_code: int, of the class: what an entry point ends with.
    """

    exit_code = 2


class UsageError(UserError):
    """A command line, or something that it names, that cannot be used."""


class ConfigError(UserError):
    """A value of an option, or a combination of values, that cannot be."""


class DataError(UserError):
    """Data that cannot be used."""


class DownloadError(UserError):
    """Something that a server did not give.

    Attributes:
      code: int, the server's answer as HTTP has it; None where there was none, or that was not the matter.
    """

    exit_code = 1

    def __init__(self, message: str, code: int | None = None):
        super().__init__(message)
        self.code = code


class OutputError(UserError):
    """Something that could not be written: a full disk, a folder without permission."""

    exit_code = 1
