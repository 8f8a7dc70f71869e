"""Many connections at once against the local HTTP server, each asking as fast as it is answered."""

import asyncio
import random
import time
from collections.abc import Sequence

import numpy as np


async def _ask_forever(host: str, port: int, ids: Sequence[str], until: float, seconds: list[float]) -> int:
    """One connection; returns how many answers were not 200."""
    errors = 0
    dice = random.Random()
    reader, writer = await asyncio.open_connection(host, port)
    while time.monotonic() < until:
        request = f"GET /similar?track_id={dice.choice(ids)}&k=10 HTTP/1.1\r\nHost: {host}\r\n\r\n"
        started = time.perf_counter()
        writer.write(request.encode())
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(
            next(line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-le"))
        )
        await reader.readexactly(length)
        seconds.append(time.perf_counter() - started)
        errors += not head.startswith(b"HTTP/1.1 200")
    writer.close()
    return errors


async def _run(host: str, port: int, ids: Sequence[str], connections: int, duration_s: float) -> dict[str, float]:
    until = time.monotonic() + duration_s
    seconds: list[float] = []
    asked = (_ask_forever(host, port, ids, until, seconds) for _ in range(connections))
    results = await asyncio.gather(*asked, return_exceptions=True)
    broken = [result for result in results if isinstance(result, BaseException)]
    wrong = sum(result for result in results if isinstance(result, int))
    p50, p95, p99 = (float(value) * 1e3 for value in np.percentile(seconds, (50, 95, 99)))
    return {
        "connections": connections,
        "seconds": duration_s,
        "requests": len(seconds),
        "per_second": len(seconds) / duration_s,
        "errors": len(broken) + wrong,
        "p50_ms": p50,
        "p95_ms": p95,
        "p99_ms": p99,
    }


def load(host: str, port: int, ids: Sequence[str], *, connections: int, duration_s: float) -> dict[str, float]:
    """Latencies (milliseconds) and errors."""
    return asyncio.run(_run(host, port, ids, connections, duration_s))
