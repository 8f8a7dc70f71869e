"""The confined process that decodes: started by `extractor.audio.decoder`."""

from dataclasses import asdict

from earshot.confined.worker import Answer, Wanted, serve


def main() -> None:
    """Answer requests with mono float32 samples, the `seconds` of the file that they cover, and how loud these are."""
    # Imported by the child alone: the process that asks, with its credentials, never loads a decoder.
    from extractor.audio.decode import decode_file

    def decode(file: int, wanted: Wanted) -> Answer:
        audio = decode_file(file, wanted["rate"], wanted["min_seconds"])
        return {"seconds": audio.seconds, **asdict(audio.loudness)}, audio.samples.data

    serve(decode)


if __name__ == "__main__":
    main()
