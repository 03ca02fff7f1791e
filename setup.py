"""Installs the packages of this repository and what they need."""

from setuptools import setup

setup(
    name="cyclegan-graph",
    version="0.1.0",
    description="Graph-mode TensorFlow research code for image translation: CycleGAN and its neighbours.",
    author="The CycleGAN in a graph contributors",
    license="Apache-2.0",
    python_requires=">=3.10,<3.14",  # the Pythons that TensorFlow is released for
    packages=[
        "base",
        "benchmarks",
        "checks",
        "downloads",
        "evaluation",
        "exports",
        "inference",
        "inputs",
        "models",
        "modules",
        "ops",
        "recipes",
        "run_folder",
        "scripts",
        "serving",
        "training",
    ],
    package_data={"exports": ["*.css", "*.html", "*.js"], "serving": ["*.js"]},
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
        "werkzeug>=3",  # scripts/serve.py; TensorBoard needs it, too
    ],
    extras_require={
        "beam": ["apache-beam>=2.60"],  # build_data.py --runner
        "dev": ["mypy==2.4.1", "pre-commit>=4", "ruff==0.17.6"],  # exact: a new version may find more
        "export": [  # scripts/export.py --formats=onnx,html
            "onnx>=1.16",
            "onnxruntime>=1.18",
            "tf2onnx==1.17.0",  # exact: a norm is converted through what it does not promise to keep
        ],
        "gpu": ["tensorflow[and-cuda]>=2.16"],
        "test": ["pytest>=8", "pytest-xdist>=3.6"],  # tests run on all cores
        "torch": ["torch>=2.6"],  # import_weights.py, and the comparisons with PyTorch in tests and benchmark
    },
)
