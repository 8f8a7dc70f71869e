"""Embeddings -> index versions: folds what changed in the tracks table into the index, compacts and repairs it."""

import os

# A second thread wins nothing on matrices of 624 rows, and where cores are shared the threads wait for each other: a
# fit took 0.2 s with one and 2 to 7 s with two on a busy machine. Read when numpy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
