"""The confined process that decodes the clips of a corpus: started by `lab.cutting`."""

import numpy as np

from earshot.confined.worker import Answer, Wanted, serve
from earshot.errors import AudioRejected
from earshot.reasons import Reason
from extractor.audio.samples import CLIP_S, MAX_CLIP_S

MOST_CHANNELS = 2
_RATES = (4_000, 192_000)


def main() -> None:
    """Answer requests with float32 samples (n, channels) of the clip that begins `start_s` into a file, and how they
    are to be read: `rate` and `channels`, two at most."""
    # Imported by the child alone: the process that asks never loads a decoder.
    from extractor.audio.decode_ffmpeg import FfmpegSource

    def cut(file: int, wanted: Wanted) -> Answer:
        source = FfmpegSource(file)
        if not _RATES[0] <= source.rate <= _RATES[1]:
            raise AudioRejected(f"sample rate {source.rate} Hz is outside {_RATES}", reason=Reason.BAD_SAMPLE_RATE)
        limit, channels = int(CLIP_S * source.rate), min(source.channels, MOST_CHANNELS)
        start = int(wanted["start_s"] * source.rate) if source.frames > MAX_CLIP_S * source.rate else 0
        samples, filled = np.empty((limit, channels), np.float32), 0
        for block in source.blocks(start):
            used = block[: limit - filled, :channels]
            samples[filled : filled + len(used)] = used
            filled += len(used)
            if filled >= limit:
                break
        return {"rate": source.rate, "channels": channels}, samples[:filled].tobytes()

    serve(cut)


if __name__ == "__main__":
    main()
