"""What a penalty, or noise on the training inputs, changes in paper B's linear model: signs from linear systems, exact.

Both act alike: the optimum sees variances and penalty only as σ² + λ. A problem without a penalty is asked about λ = 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

from support.theory.curves import Setting
from support.theory.quantities import derived
from support.theory.rational import RationalProblem, dot

Signed = Callable[[RationalProblem], Fraction]
# Changes of an accuracy in double precision that are no more than rounding.
TIE = 1e-12


def penalised(problem: RationalProblem) -> RationalProblem:
    """The problem with its own penalty, or with 1 where it has none."""
    return replace(problem, penalty=problem.penalty or Fraction(1))


def free(problem: RationalProblem) -> RationalProblem:
    """The problem without penalty."""
    return replace(problem, penalty=Fraction(0))


def noise_against_penalty(problem: RationalProblem, noise_inv: Fraction, noise_sp: Fraction) -> list[Fraction]:
    """Coefficients under noise on the two blocks of training inputs minus those under a penalty of `noise_inv`."""
    louder = replace(problem, variance_inv=problem.variance_inv + noise_inv, variance_sp=problem.variance_sp + noise_sp)
    shrunk = replace(problem, penalty=problem.penalty + noise_inv)
    return [a - b for a, b in zip(louder.solve(), shrunk.solve(), strict=True)]


# ------------------------------------------------------------------------------------------------ seen and predicted


def difference_lowered(problem: RationalProblem) -> Fraction:
    """How much the penalty lowers the prediction difference, from two linear systems."""
    without, given = (dot(case.coefficients()[1], case.sp) for case in (free(problem), penalised(problem)))
    return without - given


def spurious_margin_raised(problem: RationalProblem) -> Fraction:
    """How much the penalty raises the argument of Φ in the spurious accuracy, squared with its sign."""
    without, given = (case.margin(-1, 1, -1) for case in (free(problem), penalised(problem)))
    return given - without


def clean_accuracy_raised(problem: RationalProblem) -> float:
    """How much the penalty raises the clean accuracy, in double precision."""
    setting = Setting(
        gamma=float(problem.gamma),
        variance_inv=float(problem.variance_inv),
        variance_sp=float(problem.variance_sp),
        norm_inv=float(dot(problem.inv, problem.inv)) ** 0.5,
        norm_sp=float(dot(problem.sp, problem.sp)) ** 0.5,
    )
    louder = replace(setting, penalty=float(penalised(problem).penalty))
    return float(derived("clean_accuracy", louder) - derived("clean_accuracy", setting))


def difference_boundary(problem: RationalProblem) -> Fraction:
    """Positive where the derived boundary says that the penalty lowers the prediction difference."""
    from support.theory import theorem
    from support.theory.audit import value

    return value(theorem.difference_drop(), penalised(problem))


def accuracy_boundary(problem: RationalProblem) -> Fraction:
    """Positive where the derived boundary says that a penalty raises both accuracies."""
    from support.theory import theorem
    from support.theory.audit import value

    return value(theorem.accuracy_gain(), problem)


# ------------------------------------------------------------------------------------------------ side by side


def disagreements(cases: Sequence[RationalProblem], predicted: Signed, seen: Signed) -> list[float]:
    """1 for each problem at which a predicted sign is not the one seen, 0 where it is; zero is a sign of its own."""
    return [float(_sign(predicted(case)) != _sign(seen(case))) for case in cases]


def clean_disagreements(cases: Sequence[RationalProblem], predicted: Signed) -> list[float]:
    """As `disagreements` for the clean accuracy; problems at which it does not change beyond rounding are left out."""
    moved = [(case, clean_accuracy_raised(case)) for case in cases]
    return [float((change > 0) != (predicted(case) > 0)) for case, change in moved if abs(change) > TIE]


def _sign(number: Fraction) -> int:
    return (number > 0) - (number < 0)
