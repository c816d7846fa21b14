"""Both stores keep the contract of all stores."""

from collections.abc import Callable
from pathlib import Path

import pytest

from nni_core.store import writer
from nni_core.store.base import Store, StoreError
from nni_core.store.memory import MemoryLog, MemoryStore
from nni_core.store.sqlite import create_store, open_store
from nni_core.testing.store import StoreContract, started


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def open_log(self) -> Callable[[], Store]:
        log = MemoryLog()
        return lambda: MemoryStore(log)


class TestSqliteStore(StoreContract):
    @pytest.fixture
    def open_log(self, tmp_path: Path) -> Callable[[], Store]:
        path = tmp_path / "experiment.sqlite"
        return lambda: open_store(path, network=False) if path.exists() else create_store(path, network=False)


class TestSqliteStoreOnASlowDisk(TestSqliteStore):
    """Every commit is made by the thread."""

    @pytest.fixture(autouse=True)
    def _no_commit_is_quick(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(writer, "QUICK", 0.0)


class TestSqliteStoreOnANetworkFileSystem(StoreContract):
    """One connection holds the file alone: a second manager is refused even earlier than the contract asks."""

    @pytest.fixture
    def open_log(self, tmp_path: Path) -> Callable[[], Store]:
        path = tmp_path / "experiment.sqlite"
        return lambda: open_store(path, network=True) if path.exists() else create_store(path, network=True)

    async def test_a_replaced_manager_cannot_write(self, open_log: Callable[[], Store]) -> None:
        """The first manager cannot be replaced while it lives."""
        old = open_log()
        old.submit([started(1)], timestamp=5)
        await old.flush()
        with pytest.raises(StoreError, match="in use by another manager"):
            open_log()
        await old.close()
        new = open_log()
        assert new.last == 1
        await new.close()

    async def test_of_two_managers_that_start_at_once_one_wins(self, open_log: Callable[[], Store]) -> None:
        """Opening is what the two race for."""
        first = open_log()
        with pytest.raises(StoreError, match="in use by another manager"):
            open_log()
        await first.close()
