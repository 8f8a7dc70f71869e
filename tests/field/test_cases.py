"""What people who keep music reported, each case held against what a user would expect of it.

A check is named like its case's module, whose docstring tells where it comes from and whose EXPECT is what is checked.
"""

import pytest

from tests.field import of_files, of_lists
from tests.field.conftest import CASES, Check, Outcomes

CHECKS: dict[str, Check] = {
    name: check
    for name, check in sorted((vars(of_files) | vars(of_lists)).items())
    if name[:1] == "c" and name[1:3].isdigit()
}


@pytest.mark.parametrize("case", CHECKS.items(), ids=lambda case: str(case[0]))
def test_a_case_meets_its_expectation(case: tuple[str, Check], outcomes: Outcomes) -> None:
    outcomes.of(case[0])


def test_every_case_is_checked() -> None:
    assert {path.stem for path in CASES.glob("c[0-9]*.py")} == set(CHECKS)
