"""Preview -> embedding: decodes the audio, computes the network's features and stores them on the track."""

import os

# One thread per process: matrices here are small, and functions run on shares of a core. Read when numpy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
