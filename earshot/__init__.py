"""What the four services share: the domain (tracks, embeddings, the index format) and its AWS adapters."""
