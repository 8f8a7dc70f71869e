"""What a clip sounds like in music's words, from its samples and from the spectrogram that a network made of them."""
