"""What holds for every test."""

import os

# Tests share the machine's cores, and OpenBLAS's threads wait for each other where cores are short: ten times slower.
# Read when numpy is first imported, hence here.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
