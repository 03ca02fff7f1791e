"""WGAN with gradient penalty on images of one kind, 32 px, in minutes on two cores.

Source: this project, after Gulrajani et al. 2017 (arXiv 1704.00028).
Command: python train.py --preset=wgan32 --data_dir=horses --run_dir=runs/horses, with 516 horses of CIFAR-10
Machine: 2 cores AMD EPYC (Zen 4, AVX-512 bf16), bfloat16
Time: 5.5 minutes
Result: the estimate of the Wasserstein distance falls from 5.9 to 3.0; rough but plain horses on grass
"""

VALUES = {
    "model": "wgan",
    "image_size": 32,
    "load_size": 32,
    "gan_loss": "wgangp",
    "learning_rate": 0.0004,
    "ngf": 32,
    "ndf": 32,
    "max_steps": 6000,
    "sample_every": 600,
    "summary_every": 30,
}
