"""Run folders: what lies in one, how a run is continued, its checkpoints, and models restored from it."""
