"""The confined process that decodes: started by `extractor.audio.decoder`."""

from earshot.confined.worker import Answer, Wanted, serve


def main() -> None:
    """Answer requests with mono float32 samples and the `seconds` of the file that they cover."""
    # Imported by the child alone: the process that asks, with its credentials, never loads a decoder.
    from extractor.audio.decode import decode_file

    def decode(file: int, wanted: Wanted) -> Answer:
        audio = decode_file(file, wanted["rate"], wanted["min_seconds"])
        return {"seconds": audio.seconds}, audio.samples.data

    serve(decode)


if __name__ == "__main__":
    main()
