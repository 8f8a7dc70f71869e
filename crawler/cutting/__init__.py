"""A person's own files -> what of them is heard: cut in a confined process, on one machine only."""
