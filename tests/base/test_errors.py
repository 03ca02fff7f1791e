"""Errors that are told to users: one base class, and exit codes that tell mistakes from a full disk."""

import pytest

from base import errors
from base.errors import ConfigError, DataError, OutputError, UsageError, UserError


@pytest.mark.parametrize("error", [ConfigError, DataError, OutputError, UsageError])
def test_every_cause_is_told_to_the_user_and_keeps_its_message(error):
    with pytest.raises(UserError) as caught:
        raise error("photos: no such folder")
    assert str(caught.value) == "photos: no such folder"


def test_what_the_user_can_mend_ends_with_2_and_what_cannot_be_written_with_1():
    assert {error.exit_code for error in (ConfigError, DataError, UsageError)} == {2}
    assert OutputError.exit_code == 1


def test_every_error_of_the_ground_floor_is_a_user_error():
    classes = [value for value in vars(errors).values() if isinstance(value, type)]
    assert len(classes) >= 5 and all(issubclass(each, UserError) for each in classes)
