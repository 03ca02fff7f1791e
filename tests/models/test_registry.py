"""Models by name, and by the path of a file of one's own."""

import pytest

from base.errors import ConfigError
from base.options import options
from models.registry import MODELS, absolute_model, find_model

OWN = """
from __future__ import annotations

import dataclasses

from base.options import option
from config import Config
from models.model import Model


@dataclasses.dataclass(frozen=True)
class {name}Config(Config):
    depth: int = option(3, "Layers.", "networks", low=1)


class {name}(Model):
    config_class = {name}Config

    @classmethod
    def streams(cls, config):
        return {{}}

    def build_networks(self):
        pass

    def build_train_ops(self):
        pass
"""


@pytest.mark.parametrize("name", MODELS)
def test_every_name_finds_its_model_whose_config_knows_the_name(name):
    model = find_model(name)
    assert model.__module__ == MODELS[name] and model.config_class().model == name


def test_unknown_name_is_told_those_there_are():
    with pytest.raises(ConfigError, match="--model=vae: must be one of cyclegan, pix2pix, wgan, darknet, or the path"):
        find_model("vae")


def test_model_in_a_file_of_ones_own_is_found(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(OWN.format(name="Mine"))
    model = find_model(str(path))
    assert model.__name__ == "Mine" and model.config_class(depth=5).depth == 5
    assert options(model.config_class)["depth"].help == "Layers." and find_model(str(path)) is model


@pytest.mark.parametrize(
    "text, count", [("x = 1", 0), (OWN.format(name="A") + OWN.format(name="B").replace("from __", "# "), 2)]
)
def test_file_must_define_one_model(tmp_path, text, count):
    path = tmp_path / "mine.py"
    path.write_text(text)
    with pytest.raises(
        ConfigError, match=f"mine.py: defines {count} models; one subclass of models.model.Model is wanted"
    ):
        find_model(str(path))


@pytest.mark.parametrize("name", ["nowhere.py", "~nosuchuser/mine.py", "loop.py", "a" * 5000 + ".py", "a\0b.py"])
def test_missing_file_is_named(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loop.py").symlink_to("loop.py")
    with pytest.raises(ConfigError, match="\\.py: no such file"):
        find_model(name)


@pytest.mark.parametrize("name", ["~nosuchuser/mine.py", "loop.py"])
def test_path_that_leads_nowhere_is_absolute_too(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loop.py").symlink_to("loop.py")
    assert absolute_model(name) == str(tmp_path / name)
