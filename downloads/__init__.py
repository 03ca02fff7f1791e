"""Public data sets: which there are, fetching their archives, unpacking these, and what is noted about them."""
