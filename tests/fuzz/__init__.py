"""Damaged files and odd command lines, drawn from a seed: a program works, or says why not, and loses nothing.

One property holds in every round: the exit code is 0, or it is 1 or 2 and standard error has one line for it; there is
no traceback; what was there before is there with the same bytes; time and memory are bounded.

  python -m pytest tests/fuzz                                      a minute
  python -m pytest tests/fuzz --fuzz_seed=1000 --fuzz_rounds=5000  hours, elsewhere than before

Round i draws from the seed `--fuzz_seed` + i, so that a round is repeated alone by its own seed; a failure says how.
Where the process itself dies, the file `round` in pytest's temporary folder has the command.

The draws are plain (`tests/helpers/mutations.py`), without Hypothesis. Its strength is to shrink a failing case to the
smallest one; bytes cut from a JPEG, a table of checksums or a pickle make another case, not a smaller one. What finds
faults here is knowledge of the formats, to damage what lies behind a right checksum, and a seed is all that a failure
must keep.
"""
