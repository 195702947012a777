"""Challengers whose worth is known, put before the gate: planted faults, and copies, clean or better updates.

Every challenger goes on from the same champion by the product's own update, on rows of viewers who teach; the
gate judges on those who do not. The data set names no country, so viewers are dealt to markets by id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from recommender.contracts import N_ACTIONS, BoolArray, FloatArray, IntArray
from recommender.markets import MARKET_CODES
from recommender.params import TrainingParams
from recommender.prediction.calibration import Calibration
from recommender.prediction.hybrid import HybridPredictor
from recommender.training.evaluate import WindowLosses
from recommender.training.gate import GateDecision, Provenance, compare
from recommender.training.judges import find_judges
from recommender.training.metrics import row_log_loss
from recommender.training.online import TaughtRows, learn_online, teach_rows
from recommender.training.online_params import OnlineParams
from recommender.training.replay import take_learning
from recommender.training.rows import LearningRows

#: Share of labels that are replaced, per challenger of the kind.
NOISE = (0.05, 0.1, 0.2, 0.3, 0.5)
#: Steps of challengers that come to rely on what they should not know, in those of an honest update: at its
#: pace they would hardly have moved, and be as good as the champion.
_RELIANCE = 30.0


@dataclass(frozen=True, slots=True)
class Arena:
    """The champion, the rows that teach challengers, and the rows that judge."""

    champion: HybridPredictor
    honest: TaughtRows  # the teaching rows as they are
    leaking: TaughtRows  # the same rows, their rates replaced by the row's own outcome
    foreseeing: TaughtRows  # the same rows, rates counted to the end of the stream
    older: TaughtRows
    judging: LearningRows
    second: LearningRows  # rows that neither teach nor judge: where the truth is read
    n_learnt: int
    learnt_until: float
    made_until: float  # of the champion
    params: TrainingParams
    online: OnlineParams


@dataclass(frozen=True, slots=True)
class Challenger:
    """One candidate, and what its manifest says."""

    kind: str
    predictor: HybridPredictor
    learning_gain: float
    learnt_until: float


def deal_markets(viewer_id: IntArray) -> IntArray:
    """(n,) int8: a market for viewers of a data set without countries, evenly and always the same."""
    return (np.asarray(viewer_id) // 7 % len(MARKET_CODES)).astype(np.int8)


def run_trials(arena: Arena, n_tried: int, seed: int, say: Callable[[str], None]) -> dict[str, Any]:
    """`n_tried` challengers with a fault and as many as good or better: counts per kind, with the reasons."""
    champion = predict_losses(arena, arena.champion, arena.judging)
    truth = predict_losses(arena, arena.champion, arena.second)
    figures: dict[str, Any] = {}
    for name, make in (("bad", _make_bad), ("good", _make_good)):
        lines: dict[str, dict[str, Any]] = {}
        for challenger in make(arena, n_tried, np.random.default_rng(seed)):
            decision = judge(arena, challenger, champion)
            line = lines.setdefault(
                challenger.kind, {"tried": 0, "promoted": 0, "reasons": {}, "worth_elsewhere": []}
            )
            line["tried"] += 1
            line["promoted"] += decision.promote
            reason = decision.reason.split(":")[0][:60] if not decision.promote else "promoted"
            line["reasons"][reason] = line["reasons"].get(reason, 0) + 1
            line["worth_elsewhere"].append(_worth(arena, challenger.predictor, truth))
        for kind, line in lines.items():
            worth = np.array(line.pop("worth_elsewhere"))
            line["gain_elsewhere"] = {
                "mean": float(np.nanmean(worth)) if np.isfinite(worth).any() else None,
                "lowest": float(np.nanmin(worth)) if np.isfinite(worth).any() else None,
            }
            say(f"  {name:5} {kind:28} {line['promoted']:3} of {line['tried']:3} promoted")
        tried = sum(line["tried"] for line in lines.values())
        figures[name] = {
            "tried": tried,
            "promoted": sum(line["promoted"] for line in lines.values()),
            "by_kind": lines,
        }
    return figures


def judge(arena: Arena, challenger: Challenger, champion: WindowLosses) -> GateDecision:
    """What the gate says, by the losses and by the manifest."""
    made = Provenance(
        learnt_until=challenger.learnt_until,
        is_kept_apart=True,
        live_learnt_until=arena.made_until,
        learning_gain=challenger.learning_gain,
    )
    ours = predict_losses(arena, challenger.predictor, arena.judging)
    return compare(ours, champion, arena.params, made)


def predict_losses(arena: Arena, predictor: HybridPredictor, rows: LearningRows) -> WindowLosses:
    """Losses on described rows, in the markets that the viewers were dealt to."""
    labels, market = rows.labels[:, :N_ACTIONS], rows.market
    reading = rows.read(slice(None))
    probability, _ = predictor.predict_rows(rows.matrix, rows.slots, reading, market)
    return WindowLosses(
        log_loss=row_log_loss(labels, probability),
        watch_error=np.full(len(labels), np.nan),
        probability=probability,
        labels=labels,
        viewer=rows.rows.viewer,
        market=market,
    )


def teach(arena: Arena, rows: TaughtRows, seed: int, rate: float = 1.0) -> tuple[HybridPredictor, float]:
    """The champion after an update on some rows, and the share of the log loss it took off there."""
    online = replace(arena.online, rate=arena.online.rate * rate)
    moved = learn_online(arena.champion, rows, arena.older, arena.n_learnt, online, seed)
    return moved, gain_on(arena.champion, moved, rows)


def gain_on(before: HybridPredictor, after: HybridPredictor, rows: TaughtRows) -> float:
    """Share of the summed log loss on rows learnt from that an update took off."""
    losses = []
    for predictor in (before, after):
        slots = [rows.slots] if len(rows.slots) else []
        probability, _ = predictor.predict_rows(rows.matrix, slots, rows.reading(), rows.market)
        each = row_log_loss(rows.label[:, :N_ACTIONS], probability) * rows.weight[:, :N_ACTIONS]
        losses.append(float(each.sum()))
    return 1 - losses[1] / losses[0] if losses[0] > 0 else 0.0


def _make_bad(arena: Arena, n_bad: int, rng: np.random.Generator) -> Iterator[Challenger]:
    """`n_each` challengers of each of seven faults; the noise gets what is left to a hundred."""
    until, n_each = arena.learnt_until, n_bad // 7
    for number in range(n_bad - 6 * n_each):
        noise = NOISE[number % len(NOISE)]
        yield Challenger("label_noise", *teach(arena, _add_noise(arena.honest, noise, rng), number), until)
    for number in range(n_each):
        yield Challenger("leak", *teach(arena, _resample(arena.leaking, rng), number, _RELIANCE), until)
    for number in range(n_each):
        rows = _resample(arena.foreseeing, rng)
        yield Challenger("future_features", *teach(arena, rows, number, _RELIANCE), until)
    for number in range(n_each):
        old = arena.older.take(rng.integers(0, len(arena.older), len(arena.older)))
        moved, gain = teach(arena, old, number)
        yield Challenger("stale", moved, gain, arena.made_until - 3600.0 * (1 + number))
    for number in range(n_each):
        moved, gain = teach(arena, _resample(arena.honest, rng), number)
        broken = _break_market(moved, number % len(MARKET_CODES), rng)
        yield Challenger("one_market_broken", broken, gain, until)
    for number in range(n_each):
        moved, gain = teach(arena, _resample(arena.honest, rng), number)
        yield Challenger("not_a_number", _lose_numbers(moved, rng), gain, until)
    for number in range(n_each):
        yield Challenger("constant", _make_constant(arena, 1 + 0.02 * number), 0.0, until)


def _make_good(arena: Arena, n_good: int, rng: np.random.Generator) -> Iterator[Challenger]:
    """Copies, honest updates on all the new rows, on half of them, and at other paces."""
    until, n_each = arena.learnt_until, n_good // 7
    for _ in range(n_good - 6 * n_each):
        yield Challenger("equal_copy", arena.champion, 0.0, until)
    for number in range(2 * n_each):
        moved, gain = teach(arena, _resample(arena.honest, rng), number)
        yield Challenger("honest_update", moved, gain, until)
    for number in range(2 * n_each):
        some = np.sort(rng.choice(len(arena.honest), len(arena.honest) // 2, replace=False))
        moved, gain = teach(arena, arena.honest.take(some), number)
        yield Challenger("honest_update_half_rows", moved, gain, until)
    for number in range(n_each):
        moved, gain = teach(arena, _resample(arena.honest, rng), number, rate=0.5)
        yield Challenger("honest_update_half_pace", moved, gain, until)
    for number in range(n_each):
        few = np.sort(rng.choice(len(arena.honest), max(len(arena.honest) // 20, 1), replace=False))
        moved, gain = teach(arena, arena.honest.take(few), number)
        yield Challenger("honest_update_few_rows", moved, gain, until)


def reveal_outcome(rows: TaughtRows, columns: IntArray) -> TaughtRows:
    """Some features replaced by what became of the row: a join that took in the label."""
    matrix = np.array(rows.matrix)
    matrix[:, columns] = 2 * rows.label[:, 1:2] - 1
    return replace(rows, matrix=matrix)


def _resample(rows: TaughtRows, rng: np.random.Generator) -> TaughtRows:
    return rows.take(rng.integers(0, len(rows), len(rows)))


def _add_noise(rows: TaughtRows, share: float, rng: np.random.Generator) -> TaughtRows:
    """A share of all labels turned round."""
    rows = _resample(rows, rng)
    turned = rng.random(rows.label.shape) < share
    return replace(rows, label=np.where(turned, 1 - rows.label, rows.label).astype(np.float32))


def _break_market(predictor: HybridPredictor, market: int, rng: np.random.Generator) -> HybridPredictor:
    """One market's curves bent the wrong way: shifted by 0.7 to 2 in log-odds, or turned nearly flat."""
    slope, offset = np.array(predictor.calibration.slope), np.array(predictor.calibration.offset)
    if rng.random() < 0.5:
        offset[market] += rng.choice((-1, 1)) * rng.uniform(0.7, 2.0)
    else:
        slope[market] *= 0.2
    return replace(predictor, calibration=Calibration(slope, offset))


def _lose_numbers(predictor: HybridPredictor, rng: np.random.Generator) -> HybridPredictor:
    """One weight of one output is no number any more."""
    weights = np.array(predictor.actions.weights)
    learned = np.flatnonzero(~np.isfinite(predictor.constant))
    weights[rng.integers(0, len(weights)), rng.choice(learned)] = np.nan
    return replace(predictor, actions=replace(predictor.actions, weights=weights))


def _make_constant(arena: Arena, factor: float) -> HybridPredictor:
    """The same answer for everybody: the base rate, or a little off it."""
    rate = arena.honest.label[:, :N_ACTIONS].mean(axis=0) * factor
    constant = np.clip(rate, 1e-6, 1 - 1e-6).astype(np.float32)
    return replace(arena.champion, constant=constant)


def _worth(arena: Arena, predictor: HybridPredictor, truth: WindowLosses) -> float:
    """Share of the champion's log loss that a challenger takes off on rows that neither taught nor judged."""
    ours = predict_losses(arena, predictor, arena.second)
    if not np.isfinite(ours.log_loss).all():
        return float("nan")
    return float(1 - ours.log_loss.sum() / truth.log_loss.sum())


def split_viewers(viewer_id: IntArray, viewer: IntArray, share: float) -> tuple[BoolArray, BoolArray]:
    """Which rows judge and which are kept for the truth; viewers are on one side for good."""
    judges = find_judges(viewer_id, share)
    kept = find_judges(viewer_id + (1 << 40), share) & ~judges
    return judges[viewer], kept[viewer]


def teach_all(learning: LearningRows, chosen: IntArray, champion: HybridPredictor) -> TaughtRows:
    """Rows whose windows are all over."""
    taken = take_learning(learning, chosen)
    label: FloatArray = taken.labels[:, :N_ACTIONS]
    return teach_rows(taken, label, np.ones(label.shape, dtype=np.float32), champion.watch_time)
