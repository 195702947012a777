"""Pictures: the CNN itself, what it finds, and files that are not what they should be."""

import json
from pathlib import Path

import numpy as np
import pytest

from recommender.features.images.encoder import build_model, load_encoder
from recommender.niche.avatar import has_plain_corners, load_picture_reader
from recommender.niche.corruptions import CORRUPTIONS
from recommender.niche.taxonomy import load_taxonomy
from recommender.niche.weights import BrokenWeightsError, read_weights, write_weights
from recommender.training.niche_judged import EMOJI_FONT, draw_pictures

LIPSTICK = 629  # of the ImageNet classes


@pytest.fixture(scope="module")
def drawings() -> dict[str, np.ndarray]:
    """Drawings by niche, the first of each."""
    if not EMOJI_FONT.is_file():
        pytest.skip("the package fonts-noto-color-emoji is not installed")
    pictures: dict[str, np.ndarray] = {}
    for item in draw_pictures(load_taxonomy()):
        pictures.setdefault(item.niche, item.picture)
    return pictures


def test_the_mean_of_the_map_is_the_embedding() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (40, 60, 3)).astype(np.uint8)
    features = load_encoder().encode([picture, picture[:30]])
    assert features.embedding.shape == (2, 1280)
    assert np.allclose(features.feature_map.mean(axis=(2, 3)), features.embedding, atol=1e-5)


def test_the_cnn_knows_what_imagenet_taught_it(drawings: dict[str, np.ndarray]) -> None:
    logits = load_encoder().encode([drawings["lipstick"]]).logits
    assert LIPSTICK in np.argsort(-logits[0])[:5]


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_a_lipstick_is_seen_through_each_corruption(drawings: dict[str, np.ndarray], corruption: str) -> None:
    reading = load_picture_reader().read([CORRUPTIONS[corruption](drawings["lipstick"])])[0]
    assert reading.probability.sum() == pytest.approx(1.0)
    ranked = np.argsort(-reading.probability)
    assert load_picture_reader().classes.index("lipstick") in ranked[:3]


def test_a_plain_picture_shows_nothing() -> None:
    grey = np.full((120, 120, 3), 130, dtype=np.uint8)
    reading = load_picture_reader().read([grey])[0]
    assert reading.probability.max() < 0.9
    assert has_plain_corners(grey)


def test_the_region_lies_where_the_thing_is(drawings: dict[str, np.ndarray]) -> None:
    left = np.full((160, 320, 3), 255, dtype=np.uint8)
    left[:, :160] = drawings["lipstick"]
    region = load_picture_reader().read([left], "lipstick")[0].region
    assert region.shape == (7, 7)
    assert region[:, :3].mean() > region[:, 4:].mean()


@pytest.mark.parametrize(
    "picture", [np.zeros((8, 8), dtype=np.uint8), np.zeros((8, 8, 3)), np.zeros((0, 8, 3), dtype=np.uint8)]
)
def test_what_is_no_picture_is_refused(picture: np.ndarray) -> None:
    with pytest.raises(ValueError, match="uint8"):
        load_encoder().encode([picture])


def test_an_unknown_niche_is_refused() -> None:
    with pytest.raises(ValueError, match="'lipstik'"):
        load_picture_reader().read([np.zeros((40, 40, 3), dtype=np.uint8)], "lipstik")


def test_the_graph_is_kept_once_built(tmp_path: Path) -> None:
    first = build_model(tmp_path)
    (path,) = tmp_path.iterdir()
    assert path.read_bytes() == first == build_model(tmp_path)


def test_damaged_weights_are_refused_with_the_command_that_makes_them(tmp_path: Path) -> None:
    write_weights("words", {"a": np.arange(3)}, {"command": "manage.py fit_niche words"}, tmp_path)
    assert read_weights("words", tmp_path)[0]["a"].tolist() == [0, 1, 2]
    content = (tmp_path / "words.npz").read_bytes()
    (tmp_path / "words.npz").write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(BrokenWeightsError, match="fit_niche words"):
        read_weights("words", tmp_path)
    assert json.loads((tmp_path / "words.json").read_text())["sha256"]
