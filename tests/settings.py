"""Settings of the test suite: the product's own, with a state folder that is thrown away.

A separate module because pytest-django reads the settings before any conftest is loaded.
"""

import os
import tempfile
from pathlib import Path

# Before NumPy is imported: two cores are shared by everything that a test starts.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

#: Set for the processes that a test starts, so that they share this run's servers. Each of several workers
#: has a folder, and so servers, of its own.
_worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
if os.environ.get("TTOK_TEST_RUN_OF") != _worker:
    _run_dir = Path(tempfile.mkdtemp(prefix="ttok-tests-", dir="/tmp"))
    _run_dir.chmod(0o711)  # our own new folder: the servers' account must be able to pass
    os.environ |= {"TTOK_TEST_RUN_DIR": str(_run_dir), "TTOK_TEST_RUN_OF": _worker}
os.environ["TTOK_VAR_DIR"] = os.environ["TTOK_TEST_RUN_DIR"]
# Collected static files are not served here, but their folder is looked for at every start of a client.
(Path(os.environ["TTOK_TEST_RUN_DIR"]) / "static").mkdir(exist_ok=True)

from ttok_site.settings import *  # noqa: E402, F403
from ttok_site.settings import STORAGES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
