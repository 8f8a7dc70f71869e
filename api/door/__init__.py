"""The front door of a catalogue in shards: asks all of them over HTTP and answers as one index would."""
