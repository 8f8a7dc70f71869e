"""Turns the published MSD_musicnn checkpoint into the files the extractor runs. Needs TensorFlow and librosa; never
imported by the running function."""
