"""Darknet on the whole of CIFAR-10: 50,000 images of 32 px, 30 epochs.

Source: fastai's training of CIFAR-10 with one-cycle schedules (Smith 2018, arXiv 1803.09820).
Command: python train.py --preset=cifar10 --data_dir=DIR
Machine, time, result: not measured here.
"""

VALUES = {
    "model": "darknet",
    "epochs": 30,
    "batch_size": 512,
}
