"""Models: networks wired into losses, on one abstract base class."""
