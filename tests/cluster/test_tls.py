"""A cluster that speaks TLS: scheduler, worker and client read distributed's own configuration, from the environment.

Whoever has no certificate is told so in one sentence, and no trial is begun.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dask.config
import pytest

from support.cluster.address import scheduler_address
from support.cluster.client import Cluster
from support.evidence.engine import EngineError
from tests.cluster.processes import ROOT, LocalCluster
from tests.cluster.slow import Slow

pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="certificates are made with openssl, which is not on this machine"
)

TRIALS = 6
SETTING = "DASK_DISTRIBUTED__COMM__"
NOWHERE = "tls://127.0.0.1:9"
CA_FILE, CERT, KEY = (f"{SETTING}TLS__{name}" for name in ("CA_FILE", "CLIENT__CERT", "CLIENT__KEY"))
ROLES = ("SCHEDULER", "WORKER", "CLIENT")
NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)  # noqa: S603, S607 - of this machine


def authority(folder: Path) -> Path:
    """The certificate of a new authority that signs others; its key stands beside it."""
    folder.mkdir()
    certificate = folder / "authority.pem"
    signed = ("-x509", "-days", "1", "-subj", "/CN=authority of a test")
    openssl("req", *NEW_KEY, *signed, "-keyout", folder / "authority.key", "-out", certificate)
    return certificate


def certificate(of: Path, name: str) -> tuple[Path, Path]:
    """A certificate that an authority has signed, and its key."""
    key, request, signed = (of.with_name(f"{name}.{ending}") for ending in ("key", "csr", "pem"))
    openssl("req", *NEW_KEY, "-subj", f"/CN={name}", "-keyout", key, "-out", request)
    signing = ("-CA", of, "-CAkey", of.with_suffix(".key"), "-CAcreateserial", "-days", "1")
    openssl("x509", "-req", "-in", request, *signing, "-out", signed)
    return signed, key


def settings(of: Path) -> dict[str, str]:
    """The environment of a cluster whose members know each other by one authority."""
    found = {f"{SETTING}REQUIRE_ENCRYPTION": "true", f"{SETTING}TLS__CA_FILE": str(of)}
    for role in ROLES:
        signed, key = certificate(of, role.lower())
        found |= {f"{SETTING}TLS__{role}__CERT": str(signed), f"{SETTING}TLS__{role}__KEY": str(key)}
    return found


Configure = Callable[[dict[str, str]], None]
Collecting = Callable[..., Any]


@pytest.fixture
def configure() -> Iterator[Configure]:
    """Gives this process, and those that it starts, another environment to be configured by, and no other of ours."""
    with pytest.MonkeyPatch.context() as patch:

        def set_environment(environment: dict[str, str]) -> None:
            for name in [name for name in os.environ if name.startswith(SETTING)]:
                patch.delenv(name)
            for name, value in environment.items():
                patch.setenv(name, value)
            dask.config.refresh()

        yield set_environment
    dask.config.refresh()


@pytest.fixture
def ours(tmp_path: Path) -> dict[str, str]:
    return settings(authority(tmp_path / "ours"))


@pytest.fixture
def encrypted(
    ours: dict[str, str], configure: Configure, tmp_path: Path, without_torch: Path
) -> Iterator[LocalCluster]:
    """A scheduler and a worker that take nothing but TLS; this process has a client's certificate."""
    configure(ours)
    with LocalCluster(tmp_path / "cluster") as processes:
        processes.add_worker(without_torch, ROOT)
        yield processes


@pytest.fixture
def slow(tmp_path: Path) -> Slow:
    return Slow(str(tmp_path / "noted.txt"))


@pytest.mark.long("starts a scheduler and a worker")
def test_trials_are_computed_over_tls(
    encrypted: LocalCluster, configure: Configure, collecting: Collecting, slow: Slow, tmp_path: Path
) -> None:
    address = scheduler_address(encrypted.engine)
    assert address.startswith("tls://127.0.0.1:")
    engine = Cluster(address)
    collector = collecting("there", engine=engine)
    rows = collector.rows(slow, TRIALS)
    engine.close()
    assert rows["value"].tolist() == [10.0 * trial + 5 for trial in range(TRIALS)]
    store, (worker,) = collector.library.store, encrypted.workers
    assert {store.read(key).manifest.making.process for key, _ in rows.cells} == {worker.pid}

    configure({})  # without TLS, at the same port
    with pytest.raises(EngineError, match=r"^no scheduler can be reached at tcp://\S+: "):
        Cluster(address.replace("tls:", "tcp:"))
    configure(settings(authority(tmp_path / "others")))
    with pytest.raises(
        EngineError, match=rf"^no scheduler can be reached at {address}: TLS certificate does not match"
    ):
        Cluster(address)


@pytest.mark.parametrize(
    ("lacking", "named"),
    [((CA_FILE, CERT, KEY), "ca-file and client.cert"), ((CA_FILE,), "ca-file"), ((CERT,), "client.cert")],
    ids=["all", "authority", "certificate"],
)
def test_a_certificate_that_is_lacking_is_told_before_a_connection(
    configure: Configure, ours: dict[str, str], lacking: tuple[str, ...], named: str
) -> None:
    configure({name: value for name, value in ours.items() if name not in lacking})
    with pytest.raises(EngineError) as told:
        Cluster(NOWHERE)
    assert str(told.value) == (
        f"no scheduler can be reached at {NOWHERE} without a certificate in distributed.comm.tls: "
        f"it lacks {named}; set {CA_FILE}, ..._CLIENT__CERT and ..._CLIENT__KEY"
    )


@pytest.mark.parametrize("there", [False, True], ids=["no file", "no certificate"])
def test_a_certificate_that_cannot_be_read_is_named(
    configure: Configure, ours: dict[str, str], tmp_path: Path, there: bool
) -> None:
    file = tmp_path / "client.pem"
    if there:
        file.write_text("no certificate")
    configure(ours | {CERT: str(file)})
    with pytest.raises(EngineError) as told:
        Cluster(NOWHERE)
    said, _, why = str(told.value).rpartition(": ")
    assert said == (
        f"no scheduler can be reached at {NOWHERE}: distributed.comm.tls cannot be read "
        f"(ca-file {ours[CA_FILE]}, client.cert {file}, client.key {ours[KEY]})"
    )
    assert "PEM" in why if there else why == "No such file or directory"
