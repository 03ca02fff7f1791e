"""The models by the name that `--model` gives them."""

from models.cyclegan import CycleGAN
from models.darknet import Darknet
from models.pix2pix import Pix2Pix
from models.wgan import WGAN

MODELS = {"cyclegan": CycleGAN, "pix2pix": Pix2Pix, "wgan": WGAN, "darknet": Darknet}
