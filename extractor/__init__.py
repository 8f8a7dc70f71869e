"""Preview -> embedding: decodes the audio, computes the network's features and stores them on the track."""
