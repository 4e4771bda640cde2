"""Feature maps: what they print, count and refuse."""

import pytest

from support.models.features import Family, FeatureMap, neural_tangent, random_features

D = 10


@pytest.mark.parametrize(
    ("features", "text"),
    [
        (random_features("h1+h2", 20_000), "RF(h1+h2, k=20,000)"),
        (neural_tangent("step", 500), "NTK(step, k=500)"),
        (random_features("relu"), "RF(relu, infinite width)"),
    ],
)
def test_a_feature_map_prints_as_what_it_is(features: FeatureMap, text: str) -> None:
    assert str(features) == text


@pytest.mark.parametrize(
    ("features", "p"),
    [(random_features("relu", 7), 7), (neural_tangent("relu", 7), 70), (random_features("relu"), None)],
)
def test_number_of_parameters(features: FeatureMap, p: int | None) -> None:
    assert features.parameters(D) == p


@pytest.mark.parametrize(
    ("features", "p"), [(random_features("relu", 30), 30), (neural_tangent("step", 3), 30)], ids=str
)
def test_n_must_be_below_p(features: FeatureMap, p: int) -> None:
    features.require_interpolation(p - 1, D)
    for n in (p, p + 1):
        with pytest.raises(ValueError, match=rf"has p={p} features and cannot interpolate N={n} samples: N must be"):
            features.require_interpolation(n, D)


@pytest.mark.parametrize(
    ("features", "rank"),
    [
        (random_features("h1", 5000), D),
        (random_features("h0+h1", 5000), D + 1),
        (random_features("h0", 5000), 1),
        (neural_tangent("h0", 5000), D),
        (random_features("h1"), D),
    ],
    ids=str,
)
def test_a_linear_map_has_the_rank_of_its_input(features: FeatureMap, rank: int) -> None:
    features.require_interpolation(rank, D)
    with pytest.raises(ValueError, match=rf"is linear in its input, so its kernel has rank {rank} .*N <= {rank}$"):
        features.require_interpolation(rank + 1, D)


@pytest.mark.parametrize(
    "features", [random_features("h2"), random_features("relu"), neural_tangent("h1"), neural_tangent("step")], ids=str
)
def test_a_nonlinear_map_has_no_such_limit(features: FeatureMap) -> None:
    features.require_interpolation(50 * D, D)


@pytest.mark.parametrize(
    ("family", "activation", "width", "message"),
    [
        ("cnn", "relu", 5, "unknown family 'cnn': rf or ntk"),
        ("rf", "tanh", 5, "unknown activation 'tanh'"),
        ("ntk", "step", 0, "width must be at least 1, got 0"),
    ],
)
def test_what_is_refused(family: Family, activation: str, width: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FeatureMap(family, activation, width)
