"""The Session loop, run folders, checkpoints and sample grids."""
