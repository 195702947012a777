"""A refused picture is explained in the merchant's language."""

import pytest
from django.utils import translation

from merchants.uploads.pictures import RefusedPictureError, read_picture


@pytest.mark.parametrize(("language", "words"), [("en", "upload a PNG"), ("zh-hans", "PNG")])
def test_bytes_that_are_no_picture(language: str, words: str) -> None:
    with translation.override(language), pytest.raises(RefusedPictureError, match=words) as refused:
        read_picture(b"no picture")
    assert ("cannot be read" in str(refused.value)) == (language == "en")
