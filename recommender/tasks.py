"""What Celery runs: ids in, one call. The rows in PostgreSQL are the truth; a lost message loses nothing."""

from celery import shared_task

from recommender import engine
from recommender.feedback.guards import watch_live
from recommender.feedback.retrain import work_on
from recommender.feedback.shadow import watch_shadow


@shared_task
def wake_training() -> int:
    """Send each training run that nobody works on to a worker; sending one twice does no harm."""
    ids = engine.find_claimable_runs()
    for run_id in ids:
        train.apply_async([run_id], expires=30)
    return len(ids)


@shared_task
def train(run_id: int) -> None:
    """Bring one training run to its end."""
    work_on(run_id)


@shared_task
def retrain_nightly() -> None:
    """Ask for the night's retraining."""
    engine.request_training("nightly")


@shared_task
def update_model() -> None:
    """Ask for an update of the live version where something came in."""
    engine.request_update_if_due()


@shared_task
def watch_versions() -> str | None:
    """Score the shadow's sample, and take the live version back if viewers fare worse with it."""
    watch_shadow()
    return watch_live()


@shared_task
def roll_up_events() -> int:
    """Bring the hourly counts up to date."""
    return engine.roll_up()


@shared_task
def prepare_partitions() -> None:
    """Make the event partitions of the days to come."""
    engine.ensure_partitions()


@shared_task
def prune_artifacts() -> int:
    """Delete the files of versions that nobody will roll back to."""
    return engine.prune_artifacts()


@shared_task
def read_names() -> int:
    """Read the names of creators that are new or changed; search follows."""
    return engine.read_creators()


@shared_task
def recompute_norms() -> int:
    """Read anew what the first accounts of every niche and market have in common."""
    return engine.recompute_norms()


@shared_task
def find_new_words() -> int:
    """Note words that names of a niche share and the taxonomy lacks, for operators to judge."""
    return engine.find_new_words()


@shared_task
def check_guards() -> int:
    """Stop the arms of experiments whose guards are broken."""
    return engine.check_guards()


@shared_task
def request_arm_fits() -> int:
    """Ask for the fits of arms that learn alone."""
    return engine.request_arm_fits()


@shared_task
def prune_choices() -> int:
    """Forget logged choices that nobody will ask about any more."""
    return engine.prune_choices()


@shared_task
def judge_newcomers() -> None:
    """Promote new videos or let them go, and measure who is seen."""
    engine.judge_newcomers()


@shared_task
def judge_trust() -> None:
    """Judge whose doings are believed, and discount the others'."""
    engine.judge_trust()


@shared_task
def regroup_viewers() -> None:
    """Label viewers by what they did in the last weeks."""
    engine.regroup()
