"""What the engine last told of each video of a linked account."""

from typing import Any

from django.db import models

from merchants.models.accounts import Account


def _share(words: str, **options: Any) -> "models.FloatField[Any, Any]":
    return models.FloatField(help_text=f"0 to 1: {words}", **options)


class VideoLimit(models.Model):
    """The stage that limits one video for viewers of the account's country, and the evidence."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    video_ref = models.CharField(max_length=24, help_text="id of the video")
    market = models.CharField(max_length=2, help_text="whose viewers were asked")
    stage = models.CharField(max_length=12, help_text="blocked, gate, recall, prediction, rerank or none")
    viewer_count = models.PositiveIntegerField(help_text="viewers of the panel")
    met_share = _share("viewers whose rules let it through")
    found_share = _share("of those, recall took it for; empty = nobody could meet it", null=True)
    usual_found_share = _share("the same of all videos")
    above_share = _share("candidates that are worth less, where it was found", null=True)
    shown_share = _share("pages that held it, where it was among the best", null=True)
    usual_shown_share = _share("the same of all videos")
    judged_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "video_ref"], name="video_limit_once")]

    def __str__(self) -> str:
        return f"{self.video_ref}: {self.stage}"
