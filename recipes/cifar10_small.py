"""Darknet of half the width, for two cores or a tenth of CIFAR-10: 20 epochs.

Source: this project, after the recipe cifar10.
Command: python train.py --preset=cifar10_small --data_dir=data/cifar10, with 5,085 training and 1,017 test images
Machine: 2 cores AMD EPYC (Zen 4, AVX-512 bf16), bfloat16
Time: 6.5 minutes
Result: 53.1 % of the test images right; the same network, data, schedule and epochs in PyTorch: 52.2 %
"""

VALUES = {
    "model": "darknet",
    "epochs": 20,
    "batch_size": 64,
    "learning_rate": 0.1,
    "width": 16,
    "sample_every": 100,
    "summary_every": 10,
    "checkpoint_every": 200,
}
