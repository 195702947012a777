"""Content alone: words, vectors, buckets, creators."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recommender.features.content import bucket_durations, describe_content, encode_words
from recommender.params import TOKEN_BUCKETS, FeatureParams
from tests.worlds import make_catalogue


@given(st.text(max_size=80))
def test_words_of_any_text_fall_into_the_buckets_without_repeats(text: str) -> None:
    words = encode_words(text)
    assert len(set(words.tolist())) == len(words)
    assert ((words >= 0) & (words < TOKEN_BUCKETS)).all()


def test_thai_and_chinese_captions_share_words_with_a_search_inside_them() -> None:
    for caption, search in (("ลิปสติกแท้ราคาถูก", "ลิปสติก"), ("口红小铺推荐", "口红小铺")):
        assert len(np.intersect1d(encode_words(caption), encode_words(search))) >= 2


def test_videos_on_one_topic_lie_closer_than_videos_on_two() -> None:
    vectors = describe_content(make_catalogue(), FeatureParams()).vectors
    closeness = vectors @ vectors.T
    same = closeness[0, 3::3].mean()
    other = closeness[0, 1::3].mean()
    assert same > other + 0.3


def test_a_vector_does_not_change_when_the_catalogue_grows() -> None:
    before = describe_content(make_catalogue(12), FeatureParams()).vectors
    after = describe_content(make_catalogue(30), FeatureParams()).vectors[:12]
    assert (before * after).sum(axis=1).min() > 0.97


def test_creators_hold_their_videos_newest_first() -> None:
    catalogue = make_catalogue()
    content = describe_content(catalogue, FeatureParams())
    for code, creator_id in enumerate(content.creator_ids):
        rows = content.creator_videos[content.creator_indptr[code] : content.creator_indptr[code + 1]]
        assert (catalogue.creator_id[rows] == creator_id).all()
        assert (np.diff(catalogue.published_at[rows]) < 0).all()


def test_a_longer_video_never_falls_into_a_shorter_bucket() -> None:
    seconds = np.linspace(0.1, 600, 500)
    assert (np.diff(bucket_durations(seconds, FeatureParams())) >= 0).all()
