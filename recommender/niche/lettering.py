"""Text written in an avatar, where the optional package rapidocr is installed (150 to 350 ms a picture).

It brings OpenCV, so it is no requirement: `pip install rapidocr==3.10.0` switches it on. Thai is not read.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

ReadLetters = Callable[[np.ndarray], str]
#: Lines that the recogniser is less sure of than this are left out.
_LEAST_SURE = 0.6


@lru_cache(maxsize=1)
def find_letter_reader() -> ReadLetters | None:
    """A function from an RGB picture (height, width, 3) uint8 to its text, or None without the package."""
    try:
        from rapidocr import RapidOCR
    except ImportError:
        return None
    engine = RapidOCR(
        params={"Global.log_level": "error", "EngineConfig.onnxruntime.intra_op_num_threads": 1}
    )

    def read_letters(picture: np.ndarray) -> str:
        found = engine(np.ascontiguousarray(picture[:, :, ::-1]))
        lines = zip(found.txts or (), found.scores or (), strict=False)
        return " ".join(text for text, score in lines if score >= _LEAST_SURE)

    return read_letters
