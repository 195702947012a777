"""What names say: joined words, scripts without spaces, disguises, and names that sell nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.markets import MARKET_CODES
from recommender.niche.nickname import NameReader, load_name_reader
from recommender.niche.taxonomy import NONE, build_taxonomy, load_taxonomy
from recommender.niche.text import read_text

SLUGS = """
lipstick skincare haircare perfume shoes bags apparel hijab hats watches eyewear jewelry phones phone-cases
headphones laptops kitchenware furniture toys sports fishing instruments pet-supplies snacks tea-coffee baby
stationery car-accessories
""".split()


@pytest.fixture(scope="module")
def reader() -> NameReader:
    return load_name_reader()


def test_the_taxonomy_has_the_niches_and_each_market_s_languages() -> None:
    taxonomy = load_taxonomy()
    assert len(taxonomy.niches) >= 40
    assert set(SLUGS) <= set(taxonomy.niches)
    for language in ("en", "id", "ms", "th", "vi", "fil", "zh", "ta"):
        assert all(taxonomy.names_of(niche, language) for niche in SLUGS), language


@pytest.mark.parametrize(
    ("name", "market", "niche"),
    [
        ("lipstickqueenmy", "MY", "lipstick"),
        ("sonmoi.store", "VN", "lipstick"),
        ("Tiệm Son Xinh", "VN", "lipstick"),
        ("ร้านลิปสติกแท้", "TH", "lipstick"),
        ("口紅小舖", "MY", "lipstick"),
        ("kouhong.my", "MY", "lipstick"),
        ("gincu cantik", "MY", "lipstick"),
        ("செருப்பு கடை", "MY", "shoes"),
        ("Phone Case Shop", "GB", "phone-cases"),
        ("thời trang bé yêu", "VN", "baby"),
        ("l1pst1ck lab", "US", "lipstick"),
        ("💄💄💄", "GB", "lipstick"),
    ],
)
def test_a_name_is_read_in_its_market_s_languages(
    reader: NameReader, name: str, market: str, niche: str
) -> None:
    assert reader.read(name, market).niche == niche


@pytest.mark.parametrize(
    "name",
    ["emma.jones", "Official Store MY", "My Shop Online", "Daily Life of Ken", "陈美玲", "สมชาย ใจดี", ""],
)
def test_a_name_that_sells_nothing_is_none(reader: NameReader, name: str) -> None:
    assert reader.read(name, "SG" if name != "สมชาย ใจดี" else "TH").niche == NONE


def test_a_word_inside_other_words_is_not_read(reader: NameReader) -> None:
    found = [match.entry.letters for match in reader.lexicon.find_matches(read_text("mask in"))]
    assert "skin" not in found


def test_marks_that_are_written_are_meant(reader: NameReader) -> None:
    furniture = reader.taxonomy.niches.index("furniture")
    written, other = (reader.read(name, "VN").probability[furniture] for name in ("bàn ghế", "bạn"))
    assert written > 0.9
    assert other < 0.5


def test_repeating_a_word_never_raises_its_niche(reader: NameReader) -> None:
    code = reader.taxonomy.niches.index("lipstick")
    once = reader.read("lipstick", "GB").probability[code]
    assert reader.read("lipstick " * 20, "GB").probability[code] <= once + 1e-9


@given(place=st.integers(0, 7), market=st.sampled_from(MARKET_CODES))
def test_a_letter_of_another_script_never_raises_a_niche(place: int, market: str) -> None:
    reader = load_name_reader()
    twins = {"i": "і", "p": "р", "s": "ѕ", "c": "с"}
    plain = "lipstick"
    if plain[place] not in twins:
        return
    disguised = plain[:place] + twins[plain[place]] + plain[place + 1 :]
    code = reader.taxonomy.niches.index("lipstick")
    assert reader.read(disguised, market).probability[code] <= reader.read(plain, market).probability[code]


@given(st.text(max_size=60), st.sampled_from(MARKET_CODES))
def test_any_text_gives_probabilities(text: str, market: str) -> None:
    reading = load_name_reader().read(text, market)
    assert reading.probability.sum() == pytest.approx(1.0)
    assert (reading.probability >= 0).all()


def test_a_market_without_a_cart_is_refused_by_name(reader: NameReader) -> None:
    with pytest.raises(ValueError, match="'FR'"):
        reader.read("lipstick", "FR")


def test_the_language_is_one_of_the_market(reader: NameReader) -> None:
    assert reader.read("tudung bawal cantik", "MY").language == "ms"
    assert reader.read("jilbab cantik bandung", "ID").language == "id"
    assert reader.read("tudung bawal cantik", "TH").language in {"th", "en"}


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ({"en": {"words": {"Bad Slug": "a, b, c"}}}, "Bad Slug"),
        ({"en": {"word": {"shoes": "a, b, c"}}}, "word"),
        ({"en": {"words": {"shoes": "shoe"}}}, "shoes"),
        ({"en": {"words": {"shoes": "a, b, c"}}, "precedence": {"wins": {"shoes": "hats"}}}, "hats"),
    ],
)
def test_a_wrong_taxonomy_is_refused_by_name(
    content: dict[str, dict[str, dict[str, str]]], word: str
) -> None:
    with pytest.raises(ValueError, match=word):
        build_taxonomy(content)
