"""An account's consistency as the page shows it: judged, saved, and remembered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from merchants.models import Account, Avatar, NicheScore, VideoMetric
from merchants.shell.formats import format_percent
from merchants.shell.niches import name_niche
from merchants.uploads.faces import open_avatar
from merchants.uploads.pictures import SafePicture
from recommender import engine
from recommender.markets import MARKETS

_CAPTIONS = 8
_HISTORY = 30
#: Half of the overlay's darkest shade: the picture must stay visible below.
_SHADE = 0.55


@dataclass(frozen=True, slots=True)
class HeatCell:
    """One square of the map over the picture, in percent of its side."""

    x: float
    y: float
    opacity: float


@dataclass(frozen=True, slots=True)
class ShownPart:
    """A part of the score in words."""

    name: str
    title: str
    points: float
    most_points: float
    fit: float
    says: str
    sentence: str
    words: tuple[tuple[str, str, float], ...]  # text, niche, strength


@dataclass(frozen=True, slots=True)
class ShownJudgement:
    """Everything the page says about one judgement."""

    score: float
    probability: float
    closest: str
    niche: str
    parts: tuple[ShownPart, ...]
    suggestions: tuple[tuple[str, str, float, float], ...]  # title, value, score, gain
    heat: tuple[HeatCell, ...]
    picture_niche: str
    is_disguised: bool
    norm: ShownNorm | None  # what the accounts that come first do


@dataclass(frozen=True, slots=True)
class ShownNorm:
    """What the first accounts of a niche and country have in common, and how near the picture comes."""

    market: str
    account_count: int
    name_share: float
    picture_count: int
    picture_share: float
    words: tuple[str, ...]
    closeness: float | None  # 0-1, None without a picture here or there


def fill_form(account: Account) -> dict[str, Any]:
    """What is known of an account, as the form's first values."""
    last = NicheScore.objects.filter(account=account).order_by("-judged_at").first()
    niches = engine.list_niches()
    declared = account.niche.strip().lower().replace(" ", "-")
    return {
        "nickname": account.nickname or account.handle,
        "handle": account.handle,
        "bio": last.bio if last else "",
        "niche": last.niche if last else declared if declared in niches else niches[0],
        "market": account.market if account.market in MARKETS else next(iter(MARKETS)),
    }


def judge_face(account: Account, said: dict[str, Any]) -> ShownJudgement:
    """Judge what the form says with the new picture, or with the stored one."""
    picture = said.get("avatar")
    texts = {name: said[name] for name in ("nickname", "handle", "market", "niche", "bio")}
    texts["captions"] = _list_captions(account)
    pixels = picture.pixels if isinstance(picture, SafePicture) else open_avatar(account)
    return show(engine.judge_account(texts, pixels), said["niche"], said["market"])


def save_face(account: Account, said: dict[str, Any]) -> NicheScore:
    """Keep the picture and the judgement; the account takes over its new name and niche."""
    picture = said.get("avatar")
    if isinstance(picture, SafePicture):
        Avatar.objects.update_or_create(
            account=account, defaults={"image": picture.png, "sha256": picture.sha256}
        )
    shown = judge_face(account, said)
    avatar = Avatar.objects.filter(account=account).first()
    account.nickname, account.niche = said["nickname"], said["niche"]
    account.save(update_fields=["nickname", "niche"])
    return NicheScore.objects.create(
        account=account, nickname=said["nickname"], handle=said["handle"], bio=said["bio"],
        niche=said["niche"],
        avatar_sha256=avatar.sha256 if avatar else "", score=shown.score, probability=shown.probability,
    )  # fmt: skip


def list_history(account: Account) -> list[NicheScore]:
    """The last judgements, newest first."""
    return list(NicheScore.objects.filter(account=account).order_by("-judged_at")[:_HISTORY])


def show(judgement: engine.Judgement, niche: str, market: str) -> ShownJudgement:
    """A judgement put in words, beside what others in the niche do."""
    told = judgement.consistency
    titles = _name_parts()
    return ShownJudgement(
        score=told.score,
        probability=told.probability,
        closest=told.closest,
        niche=niche,
        parts=tuple(
            ShownPart(
                part.name, titles[part.name], part.points, part.most_points, part.fit, part.says,
                _explain(part.reason, part.says),
                tuple((item.text, item.niche, item.strength) for item in part.evidence),
            )
            for part in told.parts
        ),
        suggestions=tuple(
            (titles[item.part], _word_change(item.part, item.value), item.score, item.gain)
            for item in judgement.suggestions
        ),
        heat=_draw_heat(judgement.picture.region) if judgement.picture else (),
        picture_niche=judgement.picture.region_niche if judgement.picture else "",
        is_disguised=told.is_disguised,
        norm=_show_norm(niche, market, judgement.picture.embedding if judgement.picture else None),
    )  # fmt: skip


def _show_norm(niche: str, market: str, embedding: np.ndarray | None) -> ShownNorm | None:
    norm = engine.read_norm(niche, market)
    if norm is None:
        return None
    has_both = embedding is not None and norm.picture_count > 0
    return ShownNorm(
        market=market,
        account_count=norm.account_count,
        name_share=norm.name_share,
        picture_count=norm.picture_count,
        picture_share=norm.picture_share,
        words=tuple(word for word, _ in norm.words),
        closeness=engine.compare_with_norm(norm, embedding) if has_both and embedding is not None else None,
    )


def _word_change(part: str, value: str) -> str:
    """A suggestion's new value; for a picture, what to do with it."""
    if part != "avatar":
        return value
    return _("show its middle larger (%(share)s of it)") % {"share": format_percent(float(value), 0)}


def _draw_heat(region: np.ndarray) -> tuple[HeatCell, ...]:
    """Squares over the picture: clear where the picture speaks for the niche, shaded elsewhere."""
    side = region.shape[0]
    step = 100.0 / side
    return tuple(
        HeatCell(round(x * step, 3), round(y * step, 3), round(_SHADE * (1.0 - float(region[y, x])), 3))
        for y in range(side)
        for x in range(side)
    )


def _list_captions(account: Account) -> tuple[str, ...]:
    titles = (
        VideoMetric.objects.current()
        .filter(account=account)
        .exclude(title="")
        .order_by("-posted_on")
        .values_list("title", flat=True)[:_CAPTIONS]
    )
    return tuple(titles)


def _name_parts() -> dict[str, str]:
    return {
        "nickname": _("Nickname"),
        "avatar": _("Picture"),
        "handle": _("Handle"),
        "bio": _("Bio"),
        "videos": _("Recent videos"),
    }


def _explain(reason: str, says: str) -> str:
    other = name_niche(says)
    return {
        "missing": _("There is none yet."),
        "nothing_face": _("It looks like a face or a person, and shows nothing you sell."),
        "nothing_place": _("It looks like a place, and shows nothing you sell."),
        "nothing_sign": _("It shows a sign, a logo or nothing that is sold."),
        "other": _("It speaks for %(niche)s.") % {"niche": other},
        "weak": _("It says little about what you sell."),
        "fits": _("It says what you sell."),
    }[reason]
