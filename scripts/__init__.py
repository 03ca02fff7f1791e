"""Entry points beside train.py and build_data.py."""
