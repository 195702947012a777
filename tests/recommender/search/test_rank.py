"""Search on a small platform whose right order is known."""

import numpy as np
import pytest

from recommender.markets import LANGUAGES, MARKET_CODES
from recommender.niche.nickname import load_name_reader
from recommender.search.engagement import rate_clicks
from recommender.search.index import NameIndex, build_index, find_near, list_terms
from recommender.search.rank import Candidate, score_candidate, search_names

NAMES = [
    ("Lipstick Queen", "MY", "en", "lipstick"),
    ("Gincu Cantik", "MY", "ms", "lipstick"),
    ("口红小铺", "MY", "zh", "lipstick"),
    ("Lipstik Bandung", "ID", "id", "lipstick"),
    ("Kasut Murah", "MY", "ms", "shoes"),
    ("Siti Nur", "MY", "ms", "none"),
]


@pytest.fixture(scope="module")
def index() -> NameIndex:
    niches = load_name_reader().taxonomy.niches
    return build_index(
        [list_terms(name) for name, *_ in NAMES],
        np.array([niches.index(niche) if niche in niches else len(niches) for *_, niche in NAMES]),
        np.array([MARKET_CODES.index(market) for _, market, _, _ in NAMES]),
        np.array([LANGUAGES.index(language) for _, _, language, _ in NAMES]),
        np.full(len(NAMES), 0.9),
        np.zeros(len(NAMES)),
        len(niches),
    )


def find(index: NameIndex, query: str, market: str = "MY") -> list[int]:
    return search_names(index, load_name_reader(), query, market, 10).row.tolist()


def test_the_word_itself_comes_before_other_words_of_its_niche(index: NameIndex) -> None:
    assert find(index, "lipstick") == [0, 1, 2]
    assert find(index, "gincu")[0] == 1


def test_a_query_finds_names_in_the_other_languages_of_the_market_alone(index: NameIndex) -> None:
    assert set(find(index, "口红")) == {0, 1, 2}
    assert find(index, "lipstick", "ID") == [3]
    assert find(index, "lipstick", "TH") == []


def test_a_typing_error_finds_the_name(index: NameIndex) -> None:
    assert find(index, "lipstik")[0] in {0, 1, 2}
    assert find(index, "kasot")[:1] == [4]
    assert find_near(index, "kasutt", 0.4, 1)[0][0] == index.terms["kasut"]


def test_a_name_is_found_by_its_own_words(index: NameIndex) -> None:
    assert find(index, "siti") == [5]


def test_a_query_without_a_letter_is_refused(index: NameIndex) -> None:
    with pytest.raises(ValueError, match="no word"):
        find(index, "!!!")


@pytest.mark.parametrize("query", ["lipstick", "gincu", "口红", "kasut murah"])
def test_a_candidate_scores_as_it_would_in_the_index(index: NameIndex, query: str) -> None:
    reader = load_name_reader()
    found = search_names(index, reader, query, "MY", 10)
    for row, score in zip(found.row, found.score, strict=True):
        name, _, _, niche = NAMES[row]
        candidate = Candidate(list_terms(name), niche, 0.9, 0.0)
        assert score_candidate(index, reader, query, "MY", candidate) == pytest.approx(score, abs=1e-6)


def test_a_click_far_down_says_more_than_one_at_the_top() -> None:
    row = np.repeat([0, 1], 200)
    position = np.repeat([0, 9], 200)
    is_clicked = np.tile(np.arange(200) < 20, 2)
    top, bottom, unseen = rate_clicks(row, position, is_clicked, 3)
    assert bottom > top
    assert 0 < unseen < 1
