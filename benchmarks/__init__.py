"""This project beside PyTorch: what the benchmark measures, and an independent PyTorch version of the reference."""
