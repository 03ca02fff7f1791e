"""WGAN on the faces of CelebA, 64 px, the shorter side scaled. Of six steps one is the generator's.

Source: Arjovsky et al. 2017, arXiv 1701.07875; the values that are not here are the paper's.
Command: python train.py --preset=celeba --data_dir=DIR
Machine, time, result: not measured here.
"""

VALUES = {
    "model": "wgan",
    "image_size": 64,
    "load_size": 64,
    "max_steps": 300000,
}
