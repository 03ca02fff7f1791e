"""The models by the name that `--model` gives them."""

from models.cyclegan import CycleGAN

MODELS = {"cyclegan": CycleGAN}
