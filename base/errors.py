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


class OutputError(UserError):
    """Something that could not be written: a full disk, a folder without permission."""

    exit_code = 1
