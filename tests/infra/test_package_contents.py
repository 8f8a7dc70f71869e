"""What goes into each zip: everything its handlers need, and nothing of other services."""

import re

import pytest

from scripts import package
from scripts.import_closure import import_closure

SERVICES = sorted(package.handlers_by_service())


@pytest.mark.parametrize("service", SERVICES)
def test_a_zip_holds_no_other_service(service: str) -> None:
    closure = import_closure(package.ROOT, package.handlers_by_service()[service])
    assert {path.parts[0] for path in closure} <= {service, "earshot", "config"}


def test_the_extractor_leaves_the_making_of_the_model_behind() -> None:
    closure = import_closure(package.ROOT, package.handlers_by_service()["extractor"])
    assert not [path for path in closure if path.parts[:2] == ("extractor", "model")]


@pytest.mark.parametrize("service", SERVICES)
def test_every_requirement_left_out_of_a_zip_is_one_the_service_pins(service: str) -> None:
    everything = (package.ROOT / "requirements" / f"{service}.txt").read_text()
    kept = package._requirements(service)
    left_out = set(package._LEFT_OUT.get(service, ()))
    assert left_out <= _pinned(everything)
    assert _pinned(kept) == _pinned(everything) - left_out
    assert kept.count(" --hash") >= len(_pinned(kept))


def _pinned(requirements: str) -> set[str]:
    return set(re.findall(r"^(\S+)==", requirements, re.MULTILINE))
