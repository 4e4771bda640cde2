"""The two families and their activations, and the runs behind the figures."""

import pytest

from support.data.gaussian import Gaussian
from support.experiments.framed_figures import FRAMED_SIZES, Variant, framed_runs
from support.experiments.kernel_families import ACTIVATIONS, ORDERS, cases, other_order
from support.experiments.kernel_regression import FramedRegression, GaussianRegression
from support.experiments.kernel_size import KernelSize, KernelSizes, described
from support.experiments.synthetic_figures import figure_runs
from support.models.activations import Activation
from support.models.features import Family

SIZE: KernelSizes = {"rf": KernelSize((10, 20), 300, 40), "ntk": KernelSize((10,), 5, 30)}


def test_cases_go_through_the_families() -> None:
    assert cases(ORDERS) == [("rf", "h1+h2"), ("rf", "h1+h4"), ("ntk", "h0+h1"), ("ntk", "h0+h3")]
    assert len(cases(ACTIVATIONS)) == 6


def test_the_other_order() -> None:
    assert [other_order(family, name) for family, name in cases(ORDERS)] == ["h1+h4", "h1+h2", "h0+h3", "h0+h1"]
    with pytest.raises(ValueError, match=r"activation must be h1\+h2 or h1\+h4, got 'relu'"):
        other_order("rf", "relu")


@pytest.mark.parametrize("order", [0, 1])
def test_activations_of_one_order_have_one_kernel(order: int) -> None:
    # ρ κ'(ρ) raises every degree of φ' by one.
    raised = {degree + 1 for degree in Activation(ORDERS["ntk"][order]).hermite_coefficients}
    assert raised == set(Activation(ORDERS["rf"][order]).hermite_coefficients)


def test_runs_of_the_synthetic_panels() -> None:
    experiment = figure_runs("rf", SIZE)
    assert experiment == GaussianRegression(
        "rf", ("h1+h2", "h1+h4"), 300, Gaussian(1000), (10, 20), (0.25, 0.5), test=40
    )
    assert described(experiment) == {"d": 1000, "N": [10, 20], "k": 300, "test samples": 40}


@pytest.mark.parametrize("family", ["rf", "ntk"])
def test_runs_of_an_image_panel(family: Family) -> None:
    experiment = framed_runs(family, "mnist", SIZE)
    size = SIZE[family]
    activation = {"rf": "relu", "ntk": "step"}[family]
    assert experiment == FramedRegression(family, (activation,), size.width, "mnist", size.samples, test=size.test)
    assert described(experiment) == {"N": list(size.samples), "k": size.width, "test images": size.test}


def test_random_features_on_colour_images_are_ten_for_each_sample() -> None:
    largest = {scale: framed_runs("rf", "cifar-10", sizes).sizes[-1] for scale, sizes in FRAMED_SIZES.items()}
    assert largest == {"quick": 200, "standard": 1000, "paper": 1000}
    assert framed_runs("rf", "mnist", FRAMED_SIZES["quick"]).sizes[-1] == 500
    assert framed_runs("ntk", "cifar-10", FRAMED_SIZES["quick"]).sizes[-1] == 500


def test_the_published_cifar_panels_end_earlier() -> None:
    sizes = FRAMED_SIZES["paper"]
    assert (framed_runs("ntk", "mnist", sizes).sizes[-1], framed_runs("ntk", "cifar-10", sizes).sizes[-1]) == (
        5000,
        1000,
    )


@pytest.mark.parametrize(
    ("variant", "expected"),
    [
        ("random labels", ("random", "zero", "raw")),
        ("independent core", ("true", "independent", "raw")),
        ("standardized pixels", ("true", "zero", "standardized")),
    ],
)
def test_a_variant_differs_in_one_thing(variant: Variant, expected: tuple[str, str, str]) -> None:
    experiment = framed_runs("ntk", "mnist", FRAMED_SIZES["quick"], variant)
    assert (experiment.labels, experiment.core, experiment.pixels) == expected
    assert experiment.sizes == (200,)
