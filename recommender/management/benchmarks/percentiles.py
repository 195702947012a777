"""Times of many calls in the few numbers that are reported."""

from collections.abc import Sequence

import numpy as np


def describe_times(seconds: Sequence[float]) -> dict[str, float]:
    """Median, 99th percentile and mean in milliseconds, and how many there were."""
    times = np.array(seconds) * 1000
    return {
        "p50": round(float(np.percentile(times, 50)), 3),
        "p99": round(float(np.percentile(times, 99)), 3),
        "mean": round(float(times.mean()), 3),
        "n": len(times),
    }
