"""Every tunable number of the engine, per stage: unit, range, why this value, and where it comes from.

Experiments replace values with `dataclasses.replace`; nothing reads a number from anywhere else.
The numbers of names, avatars and search stand in `niche/params.py`, those of newcomers, floors, groups and
trust in `loop_params.py`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from recommender.loop_params import FloorParams, GroupParams, NewVideoParams, NewViewerParams, TrustParams

#: Hash buckets of caption words, power of two: searches and captions must agree, so it is no experiment's to
#: change. Two of 1,000 words share a bucket with a chance of 1.5 %.
TOKEN_BUCKETS = 32_768


@dataclass(frozen=True, slots=True)
class FeatureParams:
    """Stage 2: what a viewer, a video and a scene look like to a predictor."""

    # Events of a viewer's past that features and recall look at, 10-500. Real histories hold 50 to 100.
    recent_events: int = 100
    # Weight lost per step back in the viewer's past, 0.8-1. 0.95 was best on KuaiRand.
    recency_decay: float = 0.95
    # Duration bucket edges, seconds: quantiles of KuaiRand-Pure, rounded. A bucket compares like with like.
    duration_edges: tuple[float, ...] = (5, 8, 11, 15, 20, 30, 45, 60, 90, 120, 180, 300)
    # Imagined impressions at the base rate behind every smoothed rate, 1-1000. A video needs about 20
    # impressions before its own record outweighs the base rate.
    rate_strength: float = 20.0
    # The same behind a rate of one viewer, 1-100: a viewer's few events must speak sooner.
    viewer_rate_strength: float = 5.0
    token_buckets: int = TOKEN_BUCKETS
    # Words of a caption that are kept, 4-64: captions are short.
    token_slots: int = 16
    # Dimension of the content vectors, 16-256: random projections keep cosine within about 0.12 at 64.
    content_dimensions: int = 64


@dataclass(frozen=True, slots=True)
class RecallParams:
    """Stage 3: a few hundred candidates out of everything."""

    # Candidates handed to prediction, 50-2000. 500 holds 97 % of what a full ranking would put in its top 20.
    candidates: int = 500
    # Candidates asked of each source, 10-1000.
    per_source: int = 200
    # Videos the linear autoencoder covers, 100-20000: fitting costs the cube of it (12 s at 7,500, 2 cores).
    autoencoder_videos: int = 10_000
    # L2 of the autoencoder, 10-5000. Best on a time split of KuaiRand-Pure (Steck, WWW 2019, equation 8).
    autoencoder_l2: float = 300.0
    # Neighbours kept per video in serving, 20-2000: the strongest by absolute weight.
    autoencoder_neighbours: int = 400
    # Neighbours kept per video of the transition source, 10-500.
    transition_neighbours: int = 100
    # Steps ahead that count as a transition, 1-50, weighted 1 / distance ** transition_distance_power.
    transition_window: int = 8
    transition_distance_power: float = 0.5
    # Exponent of the popularity discount of transitions, 0-1: 0 favours hits, 1 favours rare pairs.
    transition_popularity_power: float = 0.5
    # Recent positives that vote in similar_videos, 1-50: what was watched last.
    similar_seeds: int = 10
    # Factors of the low-rank source, 8-256; 32 to 64 were best on a time split of KuaiRand-Pure.
    factors: int = 48
    # Videos it covers, the most-liked, 1,000-100,000: one product over all of them answers a request.
    factor_videos: int = 10_000
    # Discount of popularity and activity before the factorisation, 0-0.5; on KuaiRand-Pure 0.3 beat 0.5.
    factor_discount_power: float = 0.3
    factor_seed: int = 7
    # Vectors of the weighted least squares source, 8-256, their L2 and what a like adds to the weight 1 of
    # every pair, 1-100: the best of the grid that its peer is given on a time split of KuaiRand-Pure.
    als_factors: int = 128
    als_l2: float = 300.0
    als_confidence: float = 40.0
    # Alternations, 3-30: the lists hardly change after ten.
    als_sweeps: int = 10
    # Videos it covers, the most-liked, 1,000-100,000.
    als_videos: int = 10_000
    # Vectors up to which every one is compared with the query, 1,000-1,000,000; above, a graph is walked.
    exact_videos: int = 100_000
    # Links a vector, 8-64, vectors looked at while one is added, 32-512, and by a search, 200-2000.
    # Wide, because 200 are wanted of each search; `benchmark recall` prints what each width finds.
    graph_links: int = 32
    graph_build_width: int = 128
    graph_search_width: int = 768
    # Longest vectors kept out of the graph and compared one by one, 0-50,000: hits lead every walk astray.
    graph_loose: int = 10_000
    # Viewers whose searches measure what a graph finds of the exact best, 20-2000.
    graph_checked: int = 200
    # Hours after which a trending vote counts half, 1-168: short video turns over within days.
    trending_half_life_hours: float = 36.0
    # Length of each trending list, 100-5000.
    trending_length: int = 1000
    # Hours a video counts as fresh, 1-720, and impressions below which it does (X: new authors to 1,000).
    fresh_hours: float = 72.0
    fresh_impressions: float = 1000.0
    # Best videos kept per topic, 50-2000.
    topic_length: int = 300
    # Topics of a viewer that are asked, 1-20.
    topics_asked: int = 6
    # A viewer with fewer positives than this, 1-20, is helped by the best videos of each chosen interest, as
    # many as are imagined, 1-10: one video says little, five would drown the first real likes.
    newcomer_positives: int = 5
    imagined_per_interest: int = 2
    # Newest videos taken per followed creator, 1-50, and followed creators asked, 1-500.
    follow_videos: int = 5
    follow_creators: int = 100
    # Weight of each signal in the fusion before one was learned from data, in the order of gather.SIGNALS.
    # Hand-set: the personal sources lead, what is liked lately breaks ties.
    signal_weights: tuple[float, ...] = (3.0, 1.0, 4.0, 0.5, 2.0, 0.5, 1.0, 0.5, 0.1, 2.0, 0.5, 0.1, 0.5)
    # L2 of the learned fusion, 0-10.
    fusion_l2: float = 0.01
    # Viewers whose next long watches teach the fusion, 100-20000.
    fusion_viewers: int = 3000
    # Viewers below which the hand-set weights stay, 20-1000.
    fusion_min_viewers: int = 100


@dataclass(frozen=True, slots=True)
class FusedRetrievalParams:
    """Sources and their weights where nothing but likes and content is known (TikTok micro-video set).

    Chosen on a hold-out of that set's training rows: two likes a viewer want more factors than fifty do.
    """

    als_factors: int = 256
    als_l2: float = 100.0
    factors: int = 256
    factor_discount_power: float = 0.5
    autoencoder_l2: float = 50.0
    # How much nearer neighbours outvote the others, 1-20, and the L2 of vectors guessed from content.
    sharpness: float = 5.0
    guess_l2: float = 3.0
    # Weights tried for each source, and rounds of the search.
    search_steps: tuple[float, ...] = (0.0, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5)
    search_rounds: int = 2
    # Viewers one like of whom is held out where no tuning rows are given, 100-10,000.
    held_out_viewers: int = 3000


@dataclass(frozen=True, slots=True)
class SequenceParams:
    """The sequence CNN of stage 3."""

    # Passes over the viewers, 0-50; 0 leaves the CNN out of the artifact. An epoch of KuaiRand-Pure
    # takes about 20 s on two quiet cores.
    epochs: int = 10
    # Passes where an earlier fit knows most of the videos, 1-50.
    warm_epochs: int = 3
    # Events below which nothing is learned, 100-100,000: a CNN of a few events repeats them.
    min_events: int = 20_000
    # Passes that bring a fit up to the newest events, 0-10.
    refresh_epochs: int = 2
    # Width of embeddings and channels, 16-256.
    width: int = 64
    # Residual blocks, 1-6, dilated 1, 2, 4, ...: three see the last 15 events.
    blocks: int = 3
    # Events of a training window, 8-200.
    length: int = 40
    # Viewers of a pass at most, drawn anew each time, 1,000-10,000,000: a longer log costs no more.
    pass_viewers: int = 40_000
    # Positions of a window that learn, 1-40: the softmax over all videos is what costs.
    targets: int = 8
    # Next likes among which the target is drawn, 1-20: a feed may fulfil them in any order.
    horizon: int = 6
    # Viewers a step, 16-1024.
    batch: int = 128
    # Share of windows that end with the newest event, 0-1.
    newest_share: float = 0.6
    # Dropout of embeddings and blocks, 0-0.6.
    drop_input: float = 0.3
    drop_block: float = 0.2
    # Peak learning rate and weight decay of AdamW.
    rate: float = 2e-3
    decay: float = 1e-2
    # Videos it covers, the most-liked, 100-50,000: one product over all of them answers a request.
    videos: int = 10_000


@dataclass(frozen=True, slots=True)
class ResponseParams:
    """The response CNN of stage 2, and the network part of stage 4 that goes on from it."""

    # Passes over the viewers, 0-20; 0 leaves the CNN out. On KuaiRand-Pure the held-out log was read best
    # after three; a pass takes about 30 s on two quiet cores.
    epochs: int = 3
    # Passes where an earlier fit knows most of the videos, 1-20: one more look at what it has learnt.
    warm_epochs: int = 1
    # Events below which nothing is learned, 100-100,000: a CNN of a few events repeats them.
    min_events: int = 20_000
    # Width of embeddings and channels, and of the hidden layer behind them, 16-256.
    width: int = 48
    hidden: int = 64
    # Residual blocks, 1-6, dilated 1, 2, 4, ...; the mean over the window reaches further back.
    blocks: int = 3
    # Events of a window, 8-200: real histories hold 50 to 100.
    length: int = 56
    # Viewers of a pass at most, drawn anew each time, 1,000-10,000,000: a longer log costs no more.
    pass_viewers: int = 40_000
    # Share of windows that end with the newest event, 0-1.
    newest_share: float = 0.8
    # Viewers a step, 16-1024.
    batch: int = 128
    # Dropout of embeddings and blocks, 0-0.6.
    drop_input: float = 0.3
    drop_block: float = 0.2
    # Peak learning rate and weight decay of AdamW.
    rate: float = 2e-3
    decay: float = 1e-2
    # Videos with a vector of their own, the most-watched, 100-200,000; the others are topic and length.
    videos: int = 50_000


@dataclass(frozen=True, slots=True)
class NetworkParams:
    """The network part of stage 4, over the regression's features and the response CNN's vectors."""

    # Passes over the learning rows, 0-20; 0 leaves it out. More than three learn the rows by heart.
    epochs: int = 3
    # Networks whose answers are averaged, 1-8: three take a third of the variance, serving pays for each.
    members: int = 3
    # Width of both hidden layers, 16-256, and of the embedding of a category, 2-32.
    hidden: int = 64
    category_width: int = 8
    # Rows a step, 64-4096.
    batch: int = 512
    # Dropout of inputs and hidden layers, 0-0.6.
    drop_input: float = 0.2
    drop_hidden: float = 0.3
    # Peak learning rate and weight decay of AdamW.
    rate: float = 1.5e-3
    decay: float = 3e-2
    # Shares of the network tried in each logit; the newest learning rows choose per output.
    shares: tuple[float, ...] = (0.0, 0.25, 0.5, 0.75, 1.0)
    # Positives among those rows below which an output takes half of each part, 10-10,000.
    share_min_positives: int = 500


@dataclass(frozen=True, slots=True)
class PredictionParams:
    """Stage 4: how likely is each action, and for how long will the viewer watch."""

    # L2 of the logistic regression over the summed loss, 1-10000: the newest learning rows choose. A log
    # wants about 200 (KuaiRand-Pure, time split), a small world with clear tastes about 20.
    logistic_l2: tuple[float, ...] = (20.0, 200.0)
    # L2 of categories, in parts of that of features, 0.1-10.
    category_l2_share: float = 0.6
    # L-BFGS iterations, 10-500; the loss moves in the fifth digit after about 50.
    logistic_iterations: int = 60
    # L2 of the choice among candidates, 1e-6 to 1: few viewers teach it, so it is held tighter.
    choice_l2: float = 1e-3
    # Positives an action needs in the learning rows before it gets a model of its own, 10-1000.
    min_positives: int = 30
    # Duration groups of the watch-time head, 5-100 (D2Q, Zhan et al., KDD 2022, uses 30).
    duration_groups: int = 30
    # Watch ratio above which loops are cut for learning, 1-10.
    watch_ratio_cap: float = 5.0
    # Share of the learning rows, the newest, that calibrates, 0.05-0.5.
    calibration_share: float = 0.15
    # Rows of a market below which its calibration is the global one, 100-100000.
    calibration_min_rows: int = 2000
    # Bins of the expected calibration error, 5-50 (Guo et al., ICML 2017, uses 15).
    ece_bins: int = 15


@dataclass(frozen=True, slots=True)
class RerankParams:
    """Stage 5: from likely to good."""

    # Value is multiplied by max(floor, decay ** earlier videos of the creator in the page); X, 2026-08.
    creator_decay: float = 0.5
    creator_floor: float = 0.25
    # Weight of similarity to what the page already shows, 0-1 of the value's spread (MMR, Carbonell 1998).
    diversity: float = 0.15
    # Best candidates the page is picked from, 20-500.
    shortlist: int = 100
    # Share of positions given to new videos, 0-0.5: about one in 15 (X: one slot of 15-16).
    exploration_share: float = 0.06
    # New videos among which exploration draws by softmax of value, 2-100; its temperature in value spreads.
    exploration_pool: int = 20
    exploration_temperature: float = 1.0
    # Videos of one creator, and of one topic, a viewer is shown in 24 hours, 1-1000.
    creator_daily_cap: int = 6
    topic_daily_cap: int = 40
    # A video of another language is admitted when its trend beats this quantile of its market, 0.5-1.
    hit_quantile: float = 0.99
    # Smallest share of a market that understands a language to pass the gate, 0-1. At 0.15 Spanish
    # stays out of the US feed and Chinese stays in the Malaysian one.
    language_min_share: float = 0.15


@dataclass(frozen=True, slots=True)
class TrainingParams:
    """How a fit cuts and samples."""

    # Rows predictors learn from at most, the newest, 10,000-10,000,000:
    # 150 features learn no more from the next 300,000, and memory and time grow with it.
    max_learning_rows: int = 300_000
    # Where history is short: share of the impressions, the oldest, that only build up state, 0.1-0.9.
    warm_up_share: float = 0.4
    # Seconds between refreshes of what a learning row may know, 0 = up to the row itself (as in serving).
    # An evaluation without updates in its window sets the window's length.
    state_refresh_seconds: float = 0.0
    # Hours at the end of the impressions in which choices are looked for, 1-168: a nightly fit's horizon.
    choice_window_hours: float = 48.0
    # Bootstrap draws of the gate and of intervals, 100-10000.
    bootstrap_draws: int = 500
    # The gate promotes when the lower end of the interval of the improvement is above minus this share.
    gate_tolerance: float = 0.002
    # Largest expected calibration error a candidate may have, 0-1.
    gate_max_ece: float = 0.05
    # Most that a candidate may gain where it learnt beyond what it gains on the window, in shares of the log
    # loss, 0.005-0.2: one pass over honest rows gains less than 0.01 more there (KuaiRand-Pure).
    gate_max_optimism: float = 0.02
    # Rows a held-out window needs before the gate decides by it, 100-100000.
    gate_min_rows: int = 500
    seed: int = 7


@dataclass(frozen=True, slots=True)
class Params:
    """All stages."""

    features: FeatureParams = field(default_factory=FeatureParams)
    recall: RecallParams = field(default_factory=RecallParams)
    sequence: SequenceParams = field(default_factory=SequenceParams)
    response: ResponseParams = field(default_factory=ResponseParams)
    network: NetworkParams = field(default_factory=NetworkParams)
    prediction: PredictionParams = field(default_factory=PredictionParams)
    rerank: RerankParams = field(default_factory=RerankParams)
    training: TrainingParams = field(default_factory=TrainingParams)
    new_videos: NewVideoParams = field(default_factory=NewVideoParams)
    floors: FloorParams = field(default_factory=FloorParams)
    new_viewers: NewViewerParams = field(default_factory=NewViewerParams)
    trust: TrustParams = field(default_factory=TrustParams)
    groups: GroupParams = field(default_factory=GroupParams)

    def to_dict(self) -> dict[str, Any]:
        """Plain nested dict for a manifest."""
        return asdict(self)


#: Events a viewer's state keeps: what features look at, and room for merged repeats.
STATE_EVENTS = 200

#: Strength of each action as a sign of interest, for recall; negative pushes away.
#: A long watch is the unit; explicit acts are rarer and say more.
INTEREST_WEIGHTS: dict[str, float] = {
    "finish": 0.3,
    "long_watch": 1.0,
    "like": 0.7,
    "comment": 0.7,
    "share": 1.0,
    "follow": 1.0,
    "cart_click": 0.8,
    "order": 1.5,
    "not_interested": -2.0,
}
#: The shipped value formula. Rare acts get large weights so that each expected term adds about as much
#: (X, home/recap README 2023, says the same of its weights); watch is per second.
VALUE_TERM_WEIGHTS: dict[str, float] = {
    "finish": 1.0,
    "long_watch": 1.0,
    "like": 3.0,
    "comment": 8.0,
    "share": 10.0,
    "follow": 10.0,
    "cart_click": 6.0,
    "order": 20.0,
    "not_interested": -20.0,
    "watch": 0.02,
    "affinity": 2.0,
}
