"""`make demo`: the whole pipeline on real music, from a folder of audio files to answers."""
