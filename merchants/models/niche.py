"""What an account's niche consistency was each time it was judged."""

from django.db import models

from merchants.models.accounts import Account


class NicheScore(models.Model):
    """One saved judgement of an account: what was judged and what came of it."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="niche_scores")
    judged_at = models.DateTimeField(auto_now_add=True)
    nickname = models.CharField(max_length=128)
    handle = models.CharField(max_length=64)
    bio = models.CharField(max_length=300, blank=True)
    niche = models.CharField(max_length=40, help_text="declared, a slug of the taxonomy")
    avatar_sha256 = models.CharField(max_length=64, blank=True, help_text="of the picture; empty = none")
    score = models.FloatField(help_text="0 to 100")
    probability = models.FloatField(help_text="0 to 1: the account belongs to the niche")

    class Meta:
        indexes = [models.Index(fields=["account", "-judged_at"], name="niche_score_history")]

    def __str__(self) -> str:
        return f"{self.account}: {self.score:.0f}"
