"""Installs the packages of this repository and what they need."""

from setuptools import setup

setup(
    name="cyclegan-graph",
    version="0.1.0",
    description="Graph-mode TensorFlow research code for image translation: CycleGAN and its neighbours.",
    license="Apache-2.0",
    python_requires=">=3.10",
    packages=["inputs", "models", "modules", "ops", "scripts", "training"],
    py_modules=["build_data", "config", "train"],
    install_requires=[
        "absl-py",
        "google-crc32c",  # checksums of single TFRecords, for random access to shards
        "numpy",
        "pillow>=10.1",
        "protobuf>=4.22",
        "tensorboard",
        "tensorflow>=2.16",
        "tqdm",
    ],
    extras_require={
        "gpu": ["tensorflow[and-cuda]>=2.16"],
        "test": ["pytest"],
        "torch": ["torch"],  # import_weights.py, and the comparisons with PyTorch in tests and benchmark
    },
)
