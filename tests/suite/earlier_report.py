"""Two cases of one claim, what stands where an earlier run has reported, and what a report counts."""

from typing import Any

MODULE = '''
@pytest.mark.claim("A-01")
@pytest.mark.parametrize("name", ["one", "two"])
def test_claim(name, evidence, judge):
    """Expect one."""
    evidence(Counting(name), 2)
    decide(judge, 0.5)
'''
KEPT = '{"an earlier": "report"}'


def is_kept(suite: Any) -> bool:
    return all((suite.report_folder / name).read_text() == KEPT for name in ("report.json", "index.html"))


def count(suite: Any) -> list[str]:
    """Ids of all cases in the report, as often as they stand there."""
    cases = [case for claim in suite.report["claims"] for reading in claim["readings"] for case in reading["cases"]]
    return sorted(case["id"] for case in cases)
