"""Training on a GPU: the same answer as on the processor, within what another order of sums changes."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from recommender.training.responses import fit_responses
from recommender.training.sequence import fit_sequence
from tests.recommender.training import test_responses, test_sequence

pytestmark = pytest.mark.gpu


@pytest.fixture(scope="module", autouse=True)
def gpu() -> None:
    """Asked in a process of its own: JAX must not be imported here."""
    code = "import jax; print(jax.default_backend())"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if found.stdout.strip() not in ("gpu", "cuda", "rocm"):
        pytest.skip("JAX finds no GPU: that training gives the same on one is not shown here")


def test_the_response_cnn_is_the_same_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    params = replace(test_responses.PARAMS, response=replace(test_responses.SMALL, epochs=20))
    on_gpu = fit_responses(test_responses.make_halves(), params)
    monkeypatch.setenv("JAX_PLATFORMS", "cpu")
    on_cpu = fit_responses(test_responses.make_halves(), params)
    np.testing.assert_allclose(on_gpu["response/losses"], on_cpu["response/losses"], rtol=0.02)


def test_the_sequence_cnn_is_the_same_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset, params = test_sequence.make_chain(), test_sequence.PARAMS
    on_gpu = fit_sequence(dataset, 20, params, None)
    monkeypatch.setenv("JAX_PLATFORMS", "cpu")
    on_cpu = fit_sequence(dataset, 20, params, None)
    np.testing.assert_allclose(on_gpu["sequence/losses"], on_cpu["sequence/losses"], rtol=0.02)
