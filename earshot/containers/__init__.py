"""Which bytes of a file are its audio: what taggers rewrite is told from what is heard, without decoding anything."""
