"""What an export says of itself: front matter, what its network takes, and nothing of the machine it was made on."""

import pytest

from exports import card
from exports.forms import FORMS
from inference.load import load_run
from tests.helpers.frozen import frozen_network
from tests.helpers.untrained import make_run

PARITY = {
    "run": {"data": "photos (12 images in trainA)"},
    "images": [{}] * 12,
    "images_from": "the built-in scenes",
    "forms": {
        "saved_model": {"values": 0.0, "levels": 0, "in_tiles": {"values": 3e-6, "levels": 1}},
        "onnx": {"values": 1.5e-6, "levels": 1},
    },
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return load_run(make_run(tmp_path_factory.mktemp("runs") / "summer", data_dir="/home/me/photos"), "AtoB")


def written(run, frozen, *names):
    forms = {name: FORMS[name] for name in names}
    return card.write_card(run, frozen, forms, dict.fromkeys(names, "run = 1\n"), [["examples/1.png"]], PARITY)


@pytest.mark.slow
def test_the_card_has_the_front_matter_of_hugging_face(run):
    text = written(run, frozen_network("resnet")[0], "saved_model", "onnx")
    front = text.split("---\n")[1]
    assert front == (
        "license: apache-2.0\nlibrary_name: tensorflow\npipeline_tag: image-to-image\n"
        "tags:\n- cyclegan\n- saved_model\n- onnx\n"
    )


def test_the_card_shows_each_form_with_its_program_and_difference(run):
    text = written(run, frozen_network("resnet")[0], "saved_model", "onnx")
    assert text.count("```python\nrun = 1\n```") == 2
    assert "| SavedModel | none | none |\n| SavedModel, in tiles | 3e-06 | 1 |\n" in text
    assert "| ONNX | 1.5e-06 | 1 |" in text
    assert "translated_bytes" in text


def test_the_card_says_what_the_network_saw_and_the_options_that_were_chosen(run):
    text = written(run, frozen_network("resnet")[0], "saved_model", "onnx")
    assert "7 steps on photos (12 images in trainA)" in text and "crops of 32 x 32 px" in text
    assert "| ngf | 4 |" in text and "| beta1 |" not in text


def test_tiles_are_told_of_where_there_are_any(run):
    frozen = frozen_network("resnet")[0]
    assert "`run_tiles`" in written(run, frozen, "saved_model", "onnx")
    assert card.describe_preprocessing(frozen)["tiles"] == {"halo": frozen.tiles.halo, "multiple": 4}
    whole_only = frozen._replace(tiles=None)
    assert "run_tiles" not in written(run, whole_only, "saved_model", "onnx")
    assert card.describe_preprocessing(whole_only)["tiles"] is None


def test_no_file_names_folders_of_the_machine(run):
    frozen = frozen_network("resnet")[0]
    said = f"{written(run, frozen, 'saved_model', 'onnx')} {card.describe_for_programs(run, frozen)}"
    assert "/home" not in said and "me/photos" not in said and run.config.run_dir not in said


@pytest.mark.slow
def test_limits_are_those_of_the_network(run):
    lines = {
        name: " ".join(card.limits(run, frozen_network(name)[0])) for name in ("resnet", "dropout", "wgan", "darknet")
    }
    assert "dropout" in lines["dropout"] and "dropout" not in lines["resnet"]
    assert "whole batches of 3" in lines["wgan"]
    assert "16 x 16 px of training" in lines["darknet"]


def test_preprocessing_maps_levels_to_the_networks_range():
    said = card.describe_preprocessing(frozen_network("resnet")[0])
    ends = [(level * said["rescale_factor"] - mean) / std for level in (0, 255) for mean, std in [(0.5, 0.5)]]
    assert ends == pytest.approx([-1, 1]) and said["image_mean"] == said["image_std"] == [0.5] * 3
    assert not said["do_resize"]
