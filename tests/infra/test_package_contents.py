"""What goes into each zip: everything its handlers need, and nothing of other services."""

import ast
import os
import re
import shutil
import subprocess
import sys
import zipfile
from functools import cache
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path

import onnx
import pytest

from scripts import package
from scripts.import_closure import OWN, import_closure

SERVICES = sorted(package.handlers_by_service())
_LATE = {"crawler": {"numpy"}, "listening": {"faiss"}, "pipelines": {"faiss"}}
"""What shared code imports late, for services that ask for it."""
_OF_THE_RUNTIME = {"snapshot_restore_py"}
"""What Lambda's Python brings along."""


@pytest.mark.parametrize("service", SERVICES)
def test_a_zip_holds_no_other_service(service: str) -> None:
    closure = import_closure(package.ROOT, package.handlers_by_service()[service])
    verdicts = {"annoy_service"} if service == "pipelines" else set()  # a pipeline gives the index's
    assert {path.parts[0] for path in closure} <= {service, "earshot", "config"} | verdicts


def test_the_extractor_leaves_the_making_of_the_model_behind() -> None:
    closure = import_closure(package.ROOT, package.handlers_by_service()["extractor"])
    assert not [path for path in closure if path.parts[:2] == ("extractor", "model")]


@pytest.mark.parametrize("service", SERVICES)
def test_every_requirement_of_a_service_is_pinned_by_hash(service: str) -> None:
    requirements = package._requirements(service)
    assert requirements.count(" --hash") >= len(_pinned(requirements)) > 0


@cache
def _third_party(file: Path) -> set[str]:
    """Top-level names that a file imports when it runs, its own and the standard library's left out."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for_types = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found = set()
    for node in set(ast.walk(tree)) - for_types:
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found - OWN - sys.stdlib_module_names


@pytest.mark.parametrize("service", SERVICES)
def test_a_zip_holds_every_library_that_its_code_imports(service: str) -> None:
    pinned = {_plain(name) for name in _pinned(package._requirements(service))}
    distributions, unneeded = _distributions(), _LATE.get(service, set()) | _OF_THE_RUNTIME
    for path in import_closure(package.ROOT, package.handlers_by_service()[service]):
        for name in _third_party(package.ROOT / path) - unneeded:
            assert set(map(_plain, distributions[name])) & pinned, f"{path} imports {name}"


_distributions = cache(packages_distributions)


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")


def test_the_crawler_goes_without_numpy() -> None:
    assert "numpy" not in _pinned(package._requirements("crawler"))


def _pinned(requirements: str) -> set[str]:
    return set(re.findall(r"^(\S+)==", requirements, re.MULTILINE))


def test_the_same_files_give_the_same_bytes_whenever_they_were_written(tmp_path: Path) -> None:
    archives = []
    for seconds in (1_000_000_000, 1_700_000_000):
        file = tmp_path / "handler.py"
        file.write_text("x = 1\n")
        os.utime(file, (seconds, seconds))
        archives.append(tmp_path / f"{seconds}.zip")
        package._zip({"api/handler.py": file}, archives[-1])
    assert archives[0].read_bytes() == archives[1].read_bytes()


def test_files_in_a_zip_can_be_read_by_the_user_that_lambda_runs_as(tmp_path: Path) -> None:
    file = tmp_path / "handler.py"
    file.write_text("x = 1\n")
    file.chmod(0o600)
    package._zip({"handler.py": file}, tmp_path / "zip")
    with zipfile.ZipFile(tmp_path / "zip") as archive:
        assert archive.getinfo("handler.py").external_attr >> 16 & 0o777 == 0o644


@pytest.mark.parametrize(
    ("name", "is_needed"),
    [
        ("botocore/data/s3/2006-03-01/service-2.json.gz", True),
        ("botocore/data/ec2/2016-11-15/service-2.json.gz", False),
        ("botocore/data/endpoints.json", True),
        ("numpy/_core/tests/test_x.py", False),
        ("numpy/testing/__init__.py", True),
        ("annoy-1.17.3.dist-info/direct_url.json", False),
        ("annoy-1.17.3.dist-info/METADATA", True),
        ("onnxruntime/capi/libonnxruntime.so.1.31.1", False),
    ],
)
def test_a_zip_holds_what_runs_and_not_what_only_ships(tmp_path: Path, name: str, is_needed: bool) -> None:
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).touch()
    assert list(package._needed(tmp_path)) == ([name] if is_needed else [])


def test_a_network_runs_with_what_is_packaged_of_its_runtime(tmp_path: Path) -> None:
    spec = find_spec("onnxruntime")
    assert spec
    assert spec.origin
    site = Path(spec.origin).parents[1]
    shutil.copytree(site / "onnxruntime", tmp_path / "all" / "onnxruntime")
    for name in package._needed(tmp_path / "all"):
        (tmp_path / "packaged" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "all" / name).rename(tmp_path / "packaged" / name)
    one = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    two = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])
    graph = onnx.helper.make_graph([onnx.helper.make_node("Add", ["x", "x"], ["y"])], "twice", [one], [two])
    opset = [onnx.helper.make_opsetid("", 17)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opset, ir_version=8), tmp_path / "twice.onnx")
    program = (
        "import numpy, onnxruntime\n"
        "session = onnxruntime.InferenceSession('twice.onnx', providers=['CPUExecutionProvider'])\n"
        "print(onnxruntime.__file__, *session.run(None, {'x': numpy.float32([21])})[0])"
    )
    shutil.rmtree(tmp_path / "all")
    own = {**os.environ, "PYTHONPATH": str(tmp_path / "packaged")}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=own, capture_output=True, text=True, check=False
    )
    assert done.stdout == f"{tmp_path}/packaged/onnxruntime/__init__.py 42.0\n", done.stderr
    assert done.stderr == ""
