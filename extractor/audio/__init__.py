"""Bytes -> samples: the formats, the decoder and the process that confines it."""
