"""The data sets that are known."""

import re
from urllib.parse import urlsplit

import pytest

from base.errors import UsageError
from downloads.catalogue import DATA_SETS, find_data_set
from inputs.archives import ENDINGS
from models.configs import make_config, parse_config_flags

SETS = DATA_SETS.values()


def test_names_are_those_of_the_sets_and_archives_of_one_home_differ():
    assert all(name == found.name for name, found in DATA_SETS.items())
    assert len({found.url for found in SETS if found.url}) == len([found for found in SETS if found.url])


@pytest.mark.parametrize("data_set", SETS, ids=DATA_SETS)
def test_facts_have_their_form(data_set):
    assert data_set.file.endswith(ENDINGS) and data_set.licence and data_set.about
    assert data_set.url is None or urlsplit(data_set.url).scheme in ("http", "https")
    assert data_set.url or data_set.by_hand
    assert data_set.size is None or data_set.size > 1_000_000
    assert data_set.sha256 is None or re.fullmatch("[0-9a-f]{64}", data_set.sha256)
    assert "{" not in data_set.by_hand


@pytest.mark.parametrize("data_set", SETS, ids=DATA_SETS)
def test_training_takes_the_overrides(data_set, tmp_path):
    flags = [*data_set.train.split(), f"--data_dir={tmp_path}", "--run_dir=runs/x"]
    make_config(parse_config_flags(flags, ""))


def test_unknown_name_is_told_with_the_nearest():
    with pytest.raises(UsageError, match=r"^horse2zebr: no such data set; did you mean horse2zebra\?$"):
        find_data_set("horse2zebr")
    assert find_data_set("horse2zebra").file == "horse2zebra.zip"
