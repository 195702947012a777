"""What an experiment is about is named before its start; afterwards the database itself refuses a change."""

from django.db import migrations

FREEZE = """
CREATE FUNCTION recommender_freeze_experiment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'draft' AND (
        NEW.name, NEW.hypothesis, NEW.design, NEW.learning, NEW.layer, NEW.traffic_share, NEW.salt,
        NEW.slice_seconds, NEW.primary_metric, NEW.guards, NEW.planned_effect, NEW.planned_days,
        NEW.planned_units, NEW.first_bucket, NEW.stop_bucket, NEW.started_at
    ) IS DISTINCT FROM (
        OLD.name, OLD.hypothesis, OLD.design, OLD.learning, OLD.layer, OLD.traffic_share, OLD.salt,
        OLD.slice_seconds, OLD.primary_metric, OLD.guards, OLD.planned_effect, OLD.planned_days,
        OLD.planned_units, OLD.first_bucket, OLD.stop_bucket, OLD.started_at
    ) THEN
        RAISE EXCEPTION 'experiment % has started; what it is about is frozen, make a new one', OLD.name
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_frozen BEFORE UPDATE ON recommender_experiment
    FOR EACH ROW EXECUTE FUNCTION recommender_freeze_experiment();

CREATE FUNCTION recommender_freeze_arm() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    about record;
    is_same boolean := false;
BEGIN
    SELECT name, state, learning INTO about FROM recommender_experiment
        WHERE id = CASE WHEN TG_OP = 'DELETE' THEN OLD.experiment_id ELSE NEW.experiment_id END;
    IF TG_OP = 'UPDATE' THEN
        is_same := (NEW.experiment_id, NEW.name, NEW.place, NEW.share, NEW.overrides, NEW.value_weights_id)
            IS NOT DISTINCT FROM
            (OLD.experiment_id, OLD.name, OLD.place, OLD.share, OLD.overrides, OLD.value_weights_id)
            AND (about.learning = 'isolated' OR NEW.model_version_id IS NOT DISTINCT FROM OLD.model_version_id);
    END IF;
    IF about.state <> 'draft' AND NOT is_same THEN
        RAISE EXCEPTION 'experiment % has started; its arms are frozen, make a new one', about.name
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER keep_frozen BEFORE INSERT OR UPDATE OR DELETE ON recommender_arm
    FOR EACH ROW EXECUTE FUNCTION recommender_freeze_arm();
"""

THAW = """
DROP TRIGGER keep_frozen ON recommender_arm;
DROP FUNCTION recommender_freeze_arm();
DROP TRIGGER keep_frozen ON recommender_experiment;
DROP FUNCTION recommender_freeze_experiment();
"""


class Migration(migrations.Migration):
    dependencies = [("recommender", "0010_experiments")]

    operations = [migrations.RunSQL(FREEZE, THAW)]
