"""Takes the pictures of the README: `python -m tests.browser.take_pictures [FOLDER]`.

With a folder nothing of the repository is touched: every page is taken whole, on both sizes, in both themes
and two languages, to be looked at.
"""

import os
import sys
from pathlib import Path

import pytest

BOOK = "picture_book.py"

if __name__ == "__main__":
    if sys.argv[1:]:
        os.environ["TTOK_PICTURES"] = str(Path(sys.argv[1]).resolve())
        Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    sys.exit(pytest.main([str(Path(__file__).with_name(BOOK)), "-q", "-o", f"python_files={BOOK}"]))
