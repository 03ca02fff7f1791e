"""CycleGAN on the public data set summer2winter: Yosemite to winter, 1,231 and 962 images of 256 px.

Source: Zhu et al. 2017, arXiv 1703.10593, section 7.1: 200 epochs of the larger domain, the other values are the
defaults.
Command: python train.py --preset=summer2winter --data_dir=DIR
Machine, time, result: not measured here; a step of this size takes 5.4 s on 2 cores AMD EPYC (Zen 4), which is for
a GPU.
"""

VALUES = {
    "model": "cyclegan",
    "epochs": 200,
}
