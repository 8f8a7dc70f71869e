from pathlib import Path

import pytest

from earshot.sources import SOURCES
from scripts.import_closure import data_files, import_closure


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files = {
        "api/__init__.py": "",
        "api/handler.py": "import json\nfrom api import routes\nfrom earshot.track import Track\n",
        "api/routes/__init__.py": "def late():\n    from earshot import lazily\n",
        "api/unused.py": "import extractor.handler",
        "api/page/index.html": "<p>",
        "api/README.md": "for people",
        "earshot/__init__.py": "",
        "earshot/track.py": "import earshot.text as text\n",
        "earshot/text.py": "",
        "earshot/lazily.py": "",
        "earshot/never.py": "",
        "extractor/__init__.py": "",
        "extractor/handler.py": "",
        "extractor/weights.npz": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_the_closure_follows_imports_at_the_top_and_inside_functions(project: Path) -> None:
    assert [str(path) for path in import_closure(project, ["api.handler"])] == [
        "api/__init__.py",
        "api/handler.py",
        "api/routes/__init__.py",
        "earshot/__init__.py",
        "earshot/lazily.py",
        "earshot/text.py",
        "earshot/track.py",
    ]


def test_what_is_found_by_name_may_be_any_package_of_the_folder(project: Path) -> None:
    (project / "api/handler.py").write_text('def late(name):\n    return import_module(f"extractor.{name}").start\n')
    for name, text in {"one": "import earshot.text", "two": ""}.items():
        (project / "extractor" / name).mkdir()
        (project / "extractor" / name / "__init__.py").write_text(text)
    assert [str(path) for path in import_closure(project, ["api.handler"])] == [
        "api/__init__.py",
        "api/handler.py",
        "earshot/__init__.py",
        "earshot/text.py",
        "extractor/__init__.py",
        "extractor/one/__init__.py",
        "extractor/two/__init__.py",
    ]


def test_the_crawlers_zip_holds_every_source() -> None:
    root = Path(__file__).parents[2]
    packed = {path.parent.name for path in import_closure(root, ["crawler.handler"])}
    assert packed >= set(SOURCES)
    assert Path("crawler/spotify/client.py") in import_closure(root, ["crawler.handler"])


def test_data_travels_with_the_packages_that_own_it(project: Path) -> None:
    closure = import_closure(project, ["api.handler"])
    assert [str(path) for path in data_files(project, closure)] == ["api/page/index.html"]


def test_a_handler_that_does_not_exist_is_an_error(project: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no module api"):
        import_closure(project, ["api.handlers"])
