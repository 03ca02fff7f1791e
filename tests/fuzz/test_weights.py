"""Damaged .pth files: in their bytes, behind the checksums of the zip file that they are, and in what they hold."""

import io

import pytest

from base.errors import UserError
from run_folder.pytorch_weights import read_networks, shared_options
from scripts import import_weights
from tests.helpers.errors import complaint
from tests.helpers.mutations import mutated, mutated_zip
from tests.helpers.programs import assert_kept, assert_well_ended, run_here, snapshot
from tests.helpers.untrained import make_run

torch = pytest.importorskip("torch")
torch_networks = pytest.importorskip("benchmarks.torch_networks")

FILE = "latest_net_G_A.pth"
SMALL = ["--image_size=32", "--ndf=4", "--discriminator_layers=1", "--lambda_identity=0"]  # of the run that is made

pytestmark = pytest.mark.fuzz


def damaged(draw):
    """The bytes of a file of a small generator's weights, with damage."""
    state = torch_networks.ResNetGenerator(3, 3, 4, 1).state_dict()
    as_zip, where = draw.randrange(3) > 0, draw.randrange(3)
    if where == 0:
        change_values(state, draw)
    buffer = io.BytesIO()
    torch.save(state, buffer, _use_new_zipfile_serialization=as_zip)
    data = buffer.getvalue()
    if where == 0:
        return data
    return mutated_zip(data, draw) if as_zip and where == 1 else mutated(data, draw)


def change_values(state, draw):
    """Changes a tensor of a state dict, or its name."""
    name = draw.choice(list(state))
    value = state.pop(name)
    dtypes = torch.float64, torch.float16, torch.int64, torch.bool, torch.cfloat
    names = name.replace(".", "_"), f"module.{name}", name[:-3], 7, "", "\x1b[2J\n"
    match draw.randrange(8):
        case 0:
            state[draw.choice(names)] = value
        case 1:
            state[name] = value.reshape(draw.choice(((-1,), (1, -1), (*value.shape, 1), value.shape[::-1])))
        case 2:
            state[name] = value.to(draw.choice(dtypes))
        case 3:
            state[name] = draw.choice((value.to_sparse(), value.to("meta"), value[:0], value.expand(2, *value.shape)))
        case 4:
            state[name] = value * draw.choice((float("nan"), float("inf"), 1e38, 0.0))
        case 5:
            state[name] = draw.choice((None, 7, "text", [value], {"weight": value}, torch.tensor(1.0)))
        case 6:
            state[name] = torch.as_strided(value, (2**20, 2**10), (0, 0))
        case 7:
            state[name] = state[draw.choice(list(state))]


@pytest.mark.slow
def test_damaged_weights_are_read_or_refused(fuzz, tmp_path, capfd):
    def attack(draw):
        (tmp_path / FILE).write_bytes(damaged(draw))
        before = snapshot(tmp_path)
        complaint(UserError, lambda: shared_options(read_networks(str(tmp_path)), {}))
        assert_kept(before, tmp_path)
        assert capfd.readouterr() == ("", "")

    fuzz(attack, rounds=150)


@pytest.mark.slow
def test_import_of_damaged_weights_replaces_a_run_by_a_whole_one_or_keeps_it(fuzz, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    make_run(tmp_path / "run")

    def attack(draw):
        (tmp_path / FILE).write_bytes(damaged(draw))
        before = snapshot(tmp_path)
        flags = ["--source=.", "--run_dir=run", "--overwrite", *SMALL]
        ended = run_here(import_weights.main, flags, capfd)
        assert_well_ended(ended)
        assert_kept(before, tmp_path, owned="" if ended.code else "run/.*")

    fuzz(attack, rounds=3)
