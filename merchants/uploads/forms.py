"""A picture in a form."""

from __future__ import annotations

from django import forms
from django.core.files.uploadedfile import UploadedFile

from merchants.uploads.pictures import RefusedPictureError, SafePicture, read_picture


def read_upload(upload: UploadedFile | None) -> SafePicture | None:
    """The picture made safe, None without one; a refused one is the field's error."""
    if not upload:
        return None
    try:
        return read_picture(upload.read())
    except RefusedPictureError as problem:
        raise forms.ValidationError(str(problem)) from problem
