"""CycleGAN on built-in landscapes, 64 px: summer to winter and back, without pairs.

Source: this project; a small relative of the paper's networks (arXiv 1703.10593).
Command: python train.py --preset=demo
Machine: 2 cores AMD EPYC (Zen 4, AVX-512 bf16), bfloat16
Time: 166 s
Result: 23.70 dB PSNR from A to B and 23.75 dB from B to A against the true counterparts of the test scenes;
untranslated 11.63 dB
"""

VALUES = {
    "model": "cyclegan",
    "data_dir": "scenes",
    "image_size": 64,
    "load_size": 72,
    "generator_blocks": 6,
    "ngf": 32,
    "ndf": 32,
    "max_steps": 1500,
    "checkpoint_every": 500,
    "sample_every": 250,
    "summary_every": 25,
}
