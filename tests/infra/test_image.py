"""What the container holds: everything that `python -m local up` and the commands in it run."""

import re

from scripts import package
from scripts.import_closure import data_files, import_closure
from tests.infra import terraform

_DOORS = ["local.__main__", "local.worker", "local.front_door", "local.embedded_aws", "ops.__main__", "cli.__main__"]


def _copied() -> set[str]:
    text = (terraform.ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)
    return {source for line in lines for source in line.split()}


def test_every_module_that_runs_in_the_container_is_copied_into_it() -> None:
    handlers = [module for modules in package.handlers_by_service().values() for module in modules]
    closure = import_closure(terraform.ROOT, [*_DOORS, *handlers, "api.one_machine.asgi", "extractor.model.__main__"])
    needed = {path.parts[0] for path in [*closure, *data_files(terraform.ROOT, closure)]}
    assert needed - _copied() == set()


def test_the_files_that_the_stack_reads_are_copied_too() -> None:
    assert {"serverless.yml", "infra/queues.json"} <= _copied()


def test_the_door_that_it_starts_is_there() -> None:
    text = (terraform.ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert 'CMD ["python", "-m", "local", "up"]' in text
    assert "python -m ops crawl" in (terraform.ROOT / "compose.yml").read_text(encoding="utf-8")
