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
def test_every_requirement_of_a_service_is_pinned_by_hash(service: str) -> None:
    requirements = package._requirements(service)
    assert requirements.count(" --hash") >= len(_pinned(requirements)) > 0


def test_the_crawler_goes_without_numpy() -> None:
    assert "numpy" not in _pinned(package._requirements("crawler"))


def _pinned(requirements: str) -> set[str]:
    return set(re.findall(r"^(\S+)==", requirements, re.MULTILINE))
