"""The models by the name that `--model` gives them."""

from models.cyclegan import CycleGAN
from models.pix2pix import Pix2Pix

MODELS = {"cyclegan": CycleGAN, "pix2pix": Pix2Pix}
