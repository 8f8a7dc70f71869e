"""Embeddings -> index versions: folds what changed in the tracks table into the index, compacts and repairs it."""
