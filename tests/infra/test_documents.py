"""Documents and comments name only what there is: files, modules, targets of make."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_MADE = {"build", "dist", "node_modules"}
_FOLDERS = sorted(
    path.name for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "." and path.name not in _MADE
)
_PATH = re.compile(rf"(?<![\w./<>${{}}*-])((?:{'|'.join(_FOLDERS)})/[\w./*<>-]*[\w/*>])")
_MODULE = re.compile(r"(?:python|\$\(PY\)) -m ([\w.]+\w)(?!\.<)")
_TARGET = re.compile(r"(?:`|^ {4})make ([a-z][a-z-]*)", re.MULTILINE)
_MADE_BY_A_PERSON = {"infra/backend.tf"}
_DOCUMENTS = sorted(
    path for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("infra/**/*.md")]
    if path.name != "CHANGELOG.md" and path.parent.name != "adr"  # records of their day
)  # fmt: skip
_COMMENTED = (".py", ".yml", ".tf", ".mk", ".example", ".js")


def _sources() -> Iterator[Path]:
    yield from (ROOT / name for name in ("Makefile", "Dockerfile", "compose.yml", "serverless.yml"))
    for folder in _FOLDERS:
        if folder != "tests":
            yield from (path for path in (ROOT / folder).rglob("*") if path.suffix in _COMMENTED)


def _exists(path: str) -> bool:
    place = ROOT / path.rstrip("./")
    settings = place.with_name(f"{place.name}.example")  # which a person copies
    numbered = place.parent.glob(f"{place.name}-*")  # docs/adr/0003
    return path in _MADE_BY_A_PERSON or place.exists() or settings.exists() or any(numbered)


def _missing_paths(text: str) -> list[str]:
    return [path for path in _PATH.findall(text) if not re.search("[*<>]", path) and not _exists(path)]


def _missing_modules(text: str) -> list[str]:
    own = [name for name in _MODULE.findall(text) if name.partition(".")[0] in _FOLDERS]
    places = [(name, ROOT / name.replace(".", "/")) for name in own]
    return [
        name for name, place in places if not (place.with_suffix(".py").exists() or (place / "__main__.py").exists())
    ]


@pytest.mark.parametrize("document", _DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_document_names_only_what_there_is(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    assert _missing_paths(text) == []
    assert _missing_modules(text) == []
    makefiles = "".join((ROOT / name).read_text(encoding="utf-8") for name in ("Makefile", "scripts/cloud.mk"))
    assert set(_TARGET.findall(text)) - set(re.findall(r"^([a-z-]+):", makefiles, re.MULTILINE)) == set()


def test_comments_name_only_what_there_is() -> None:
    texts = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in _sources()}
    assert {name: missing for name, text in texts.items() if (missing := _missing_paths(text))} == {}
    assert {name: missing for name, text in texts.items() if (missing := _missing_modules(text))} == {}


def test_links_between_documents_lead_somewhere() -> None:
    links = [
        (document.name, document.parent / target)
        for document in _DOCUMENTS
        for target in re.findall(r"\]\(([^)#:]+)(?:#[\w-]+)?\)", document.read_text(encoding="utf-8"))
    ]
    assert [(name, target) for name, target in links if not target.exists()] == []


def test_the_file_of_a_catalogue_is_called_the_same_everywhere() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (*_DOCUMENTS, *_sources())]
    named = {name for text in texts for name in re.findall(r"\bcatalogue\.(?:tar|gz|zip|json)[a-z.]*", text)}
    assert named == {"catalogue.jsonl.gz"}
