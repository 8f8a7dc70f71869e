"""What the containers hold: the API's that and nothing else; the one machine's all that `python -m local up` runs."""

import re

from scripts import package
from scripts.import_closure import data_files, import_closure
from tests.infra import terraform

_DOORS = ["local.__main__", "local.worker", "local.front_door", "local.embedded_aws", "ops.__main__", "cli.__main__"]


def _copied(image: str = "local/Dockerfile") -> set[str]:
    text = (terraform.ROOT / image).read_text(encoding="utf-8")
    lines = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)
    return {source for line in lines for source in line.split()}


def test_every_module_that_runs_in_the_container_is_copied_into_it() -> None:
    handlers = [module for modules in package.handlers_by_service().values() for module in modules]
    closure = import_closure(terraform.ROOT, [*_DOORS, *handlers, "api.one_machine.asgi", "extractor.model.__main__"])
    needed = {path.parts[0] for path in [*closure, *data_files(terraform.ROOT, closure)]}
    assert needed - _copied() == set()


def test_the_files_that_the_stack_reads_are_copied_too() -> None:
    assert {"serverless.yml", "infra/queues.json"} <= _copied()
    assert "!infra/queues.json" in (terraform.ROOT / ".dockerignore").read_text(encoding="utf-8").split()


def test_the_api_s_container_holds_what_the_api_runs_and_no_other_package() -> None:
    closure = import_closure(terraform.ROOT, ["api.__main__"])
    packages = {path.parts[0] for path in [*closure, *data_files(terraform.ROOT, closure)]}
    assert {part for part in _copied("Dockerfile") if (terraform.ROOT / part).is_dir()} == packages


def test_the_door_that_it_starts_is_there() -> None:
    text = (terraform.ROOT / "local" / "Dockerfile").read_text(encoding="utf-8")
    assert 'CMD ["python", "-m", "local", "up"]' in text
    assert "python -m ops crawl" in (terraform.ROOT / "compose.yml").read_text(encoding="utf-8")
