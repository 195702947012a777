"""The worker and its schedule. Long work lives in PostgreSQL rows; messages only wake somebody to look."""

import os

from celery import Celery
from celery.schedules import crontab
from celery.signals import worker_init
from django.conf import settings
from kombu import Queue

from ttok_site.broker import BrokerError, refuse_evicting_broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ttok_site.settings")

app = Celery("ttok")
app.conf.update(
    broker_url=settings.CELERY_BROKER_URL,
    broker_connection_retry_on_startup=True,
    # A frozen broker must fail a call in seconds; the defaults wait for ever.
    broker_transport_options={"socket_timeout": 5, "socket_connect_timeout": 5},
    task_ignore_result=True,
    accept_content=["json"],
    task_serializer="json",
    worker_prefetch_multiplier=1,
    # A worker child is replaced after this much memory (kB), so that one large fit does not stay resident.
    worker_max_memory_per_child=1_500_000,
    worker_hijack_root_logger=False,
    timezone="UTC",
    # Fits have a queue of their own, so that large installations can give them machines (-Q training).
    task_default_queue="control",
    # So do simulations, which a merchant waits for.
    task_queues=[Queue("control"), Queue("training"), Queue("jobs")],
    task_routes={
        "recommender.tasks.train": {"queue": "training"},
        "recommender.tasks.watch_versions": {"queue": "training"},
        "merchants.tasks.run_job": {"queue": "jobs"},
    },
    beat_schedule={
        # Every 2 s: the longest a requested or abandoned run waits beside a free worker.
        "wake-training": {
            "task": "recommender.tasks.wake_training",
            "schedule": 2.0,
            "options": {"expires": 2},
        },
        # Every second: a merchant waits for it, looking at a progress bar.
        "wake-jobs": {
            "task": "merchants.tasks.wake_jobs",
            "schedule": 1.0,
            "options": {"expires": 1},
        },
        # Every 5 s: dashboards may be a minute old, trending lists half of that.
        "roll-up-events": {
            "task": "recommender.tasks.roll_up_events",
            "schedule": 5.0,
            "options": {"expires": 5},
        },
        # Every minute: a pool of 60 viewers is full within minutes on a busy platform.
        "judge-newcomers": {
            "task": "recommender.tasks.judge_newcomers",
            "schedule": 60.0,
            "options": {"expires": 60},
        },
        # Every five minutes: what a fake gains until then is taken back with the next count.
        "judge-trust": {
            "task": "recommender.tasks.judge_trust",
            "schedule": 300.0,
            "options": {"expires": 300},
        },
        # Before the night's retraining, which learns by the new labels.
        "regroup-viewers": {
            "task": "recommender.tasks.regroup_viewers",
            "schedule": crontab(hour=18, minute=30),
        },
        # 19:00 UTC is night in seven of the eight markets.
        "retrain-nightly": {
            "task": "recommender.tasks.retrain_nightly",
            "schedule": crontab(hour=19, minute=0),
        },
        # Every 8 minutes: with the waiting window of an action and the update itself, what viewers do is in
        # the weights within a quarter of an hour.
        "update-model": {
            "task": "recommender.tasks.update_model",
            "schedule": 480.0,
            "options": {"expires": 300},
        },
        # Every minute: a bad version costs what it serves until it is taken back.
        "watch-versions": {
            "task": "recommender.tasks.watch_versions",
            "schedule": 60.0,
            "options": {"expires": 60},
        },
        # Hourly, a week ahead: ingest makes a missing day itself, only slower.
        "prepare-partitions": {
            "task": "recommender.tasks.prepare_partitions",
            "schedule": crontab(minute=7),
        },
        # Every 30 s: counting included, what merchants see of their accounts is within a minute.
        "refresh-activity": {
            "task": "merchants.tasks.refresh_activity",
            "schedule": 30.0,
            "options": {"expires": 30},
        },
        "refresh-activity-nightly": {
            "task": "merchants.tasks.refresh_activity_nightly",
            "schedule": crontab(hour=20, minute=10),
        },
        # Every 20 min: what limits each video; the catalogue and its counts move all day.
        "judge-limits": {
            "task": "merchants.tasks.judge_limits",
            "schedule": crontab(minute="4-59/20"),
            "options": {"expires": 900},
        },
        # A quarter past each hour: somewhere a day has just ended.
        "check-alerts": {"task": "merchants.tasks.check_alerts", "schedule": crontab(minute=15)},
        # Every minute: reports are due at eight in as many zones as there are accounts.
        "send-reports": {
            "task": "merchants.tasks.send_reports",
            "schedule": 60.0,
            "options": {"expires": 60},
        },
        # Every 5 s: what a merchant's own system waits for.
        "deliver-webhooks": {
            "task": "merchants.tasks.deliver_webhooks",
            "schedule": 5.0,
            "options": {"expires": 5},
        },
        # Every 20 s: a renamed account is found under its new name within half a minute.
        "read-names": {
            "task": "recommender.tasks.read_names",
            "schedule": 20.0,
            "options": {"expires": 20},
        },
        # Hourly: who comes first in a niche changes slowly, and a new market needs its norm the same day.
        "recompute-norms": {
            "task": "recommender.tasks.recompute_norms",
            "schedule": crontab(minute=35),
            "options": {"expires": 1800},
        },
        # Daily: new words take days to spread through names.
        "find-new-words": {
            "task": "recommender.tasks.find_new_words",
            "schedule": crontab(hour=18, minute=15),
        },
        # Every 5 minutes: the longest a harmful arm goes on once its guard is beyond doubt.
        "check-guards": {
            "task": "recommender.tasks.check_guards",
            "schedule": 300.0,
            "options": {"expires": 300},
        },
        # Every 10 minutes: arms that learn alone are fitted one after the other.
        "request-arm-fits": {
            "task": "recommender.tasks.request_arm_fits",
            "schedule": 600.0,
            "options": {"expires": 600},
        },
        "prune-choices": {
            "task": "recommender.tasks.prune_choices",
            "schedule": crontab(hour=20, minute=40),
        },
        # Hourly: updates leave a folder of some 30 MB every few minutes.
        "prune-artifacts": {
            "task": "recommender.tasks.prune_artifacts",
            "schedule": crontab(minute=30),
        },
    },
)
app.autodiscover_tasks()


@worker_init.connect
def check_broker(**_: object) -> None:
    """Refuse to work from a broker that may delete queued work; Celery swallows any other exception here."""
    try:
        refuse_evicting_broker(str(app.conf.broker_url))
    except BrokerError as error:
        raise SystemExit(f"error: {error}") from None
