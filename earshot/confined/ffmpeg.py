"""FFmpeg, through PyAV, whole: what PyAV imports only when it meets a stream, a confined process could load no more."""

import av
import av.audio.codeccontext
import av.audio.stream
import av.sidedata.sidedata
import av.subtitles.codeccontext
import av.subtitles.stream
import av.video.codeccontext
import av.video.stream

__all__ = ["av"]
