"""What merchants open in a browser."""

from django.urls import path

from merchants.preview import views as preview

urlpatterns = [
    path("", preview.home, name="home"),
    path("preview/<int:viewer_id>/", preview.preview, name="preview"),
    path("preview/<int:viewer_id>/react/", preview.react, name="react"),
]
