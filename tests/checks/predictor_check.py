"""What every predictor must do, whoever wrote it: one test class, one fixture per predictor."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.contracts import N_ACTIONS
from recommender.prediction.inputs import PredictionInputs, Predictor


class PredictorCheck:
    """Subclass it, and give `predictor` and `inputs` (n rows that are not n features wide)."""

    @pytest.fixture
    def predictor(self) -> Predictor:
        raise NotImplementedError

    @pytest.fixture
    def inputs(self) -> PredictionInputs:
        raise NotImplementedError

    def test_shapes_follow_the_rows(self, predictor: Predictor, inputs: PredictionInputs) -> None:
        predicted = predictor.predict(inputs)
        n_rows = len(inputs.matrix)
        assert predicted.probability.shape == (n_rows, N_ACTIONS)
        assert predicted.watch_seconds.shape == predicted.affinity.shape == (n_rows,)

    def test_probabilities_are_probabilities_and_seconds_are_not_negative(
        self, predictor: Predictor, inputs: PredictionInputs
    ) -> None:
        predicted = predictor.predict(inputs)
        assert ((predicted.probability >= 0) & (predicted.probability <= 1)).all()
        assert (predicted.watch_seconds >= 0).all()
        assert predicted.affinity.max() == 1.0

    def test_a_transposed_matrix_is_refused(self, predictor: Predictor, inputs: PredictionInputs) -> None:
        assert inputs.matrix.shape[0] != inputs.matrix.shape[1], "the check needs a rectangular world"
        with pytest.raises(ValueError, match="is it transposed"):
            predictor.predict(replace(inputs, matrix=inputs.matrix.T))

    def test_nan_never_wins(self, predictor: Predictor, inputs: PredictionInputs) -> None:
        matrix = inputs.matrix.copy()
        matrix[2, 0] = np.nan
        fused = inputs.fused.copy()
        fused[2] = np.nan
        predicted = predictor.predict(replace(inputs, matrix=matrix, fused=fused))
        for column in (*predicted.probability.T, predicted.watch_seconds, predicted.affinity):
            assert np.isfinite(column).all()
            assert column[2] == column.min()

    def test_rows_do_not_influence_each_other(self, predictor: Predictor, inputs: PredictionInputs) -> None:
        whole = predictor.predict(inputs).probability
        part = replace(
            inputs,
            matrix=inputs.matrix[3:5],
            slots=[block if block.shape[1] == 1 else block[:, 3:5] for block in inputs.slots],
            duration_seconds=inputs.duration_seconds[3:5],
            fused=inputs.fused[3:5],
        )
        np.testing.assert_allclose(predictor.predict(part).probability, whole[3:5], rtol=1e-5)
