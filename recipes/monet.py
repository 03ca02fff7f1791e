"""Kaggle's "I'm Something of a Painter Myself": CycleGAN from photographs to Monet's paintings with U-Net generators.

A are the 300 paintings, B the 7,028 photographs; both are read as the competition gives them. 25 epochs of the
photographs.

Source: the competition's tutorial notebook (learned instance norm around a scale of 0, leaky ReLU 0.3, cross-entropy
losses, no pool).
Command: python train.py --preset=monet --data_dir=gan-getting-started
Machine: 2 cores AMD EPYC (Zen 4, AVX-512 bf16), bfloat16
Time: 1.5 s a step, and so 73 hours in all: this recipe is for a GPU
Result: not measured
"""

VALUES = {
    "model": "cyclegan",
    "generator": "unet",
    "leak": 0.3,
    "norm": "affine_instance",
    "norm_scale": 0.0,
    "discriminator_leak": 0.3,
    "discriminator_bias": False,
    "gan_loss": "vanilla",
    "pool_size": 0,
    "lr_policy": "constant",
    "load_size": 256,
    "flip": False,
    "epochs": 25,
}
