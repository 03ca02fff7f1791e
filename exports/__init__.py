"""Trained networks as files that others use without this project, compared with the run before anyone gets them."""
