"""The models by the name that `--model` gives them."""

from models.cyclegan import CycleGAN
from models.darknet import Darknet
from models.wgan import WGAN

MODELS = {"cyclegan": CycleGAN, "wgan": WGAN, "darknet": Darknet}
