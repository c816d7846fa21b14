"""The local training service as a plugin."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points

import attrs

from nni_service_local import plugin
from nni_service_local.arguments import LocalArguments


def test_service_is_offered_through_the_entry_point() -> None:
    """The distribution's entry point is the plugin module, which offers the service local."""
    (found,) = [point for point in entry_points(group="nni") if point.name == "service-local"]
    assert found.load() is plugin
    (spec,) = plugin.nni_training_services()
    assert (spec.name, spec.arguments) == ("local", LocalArguments)


def test_every_setting_is_documented_and_has_nnis_default() -> None:
    """Each argument says what it does; the defaults are those of NNI."""
    fields = attrs.fields(LocalArguments)
    assert all(field.metadata["doc"].endswith(".") for field in fields)
    assert {field.name: field.default for field in fields} == {
        "use_active_gpu": None,
        "max_trial_number_per_gpu": 1,
        "gpu_indices": None,
        "reuse_mode": False,
    }


def test_finding_the_plugin_loads_nothing_heavy() -> None:
    """Listing plugins imports neither the service nor the libraries that it needs now and then."""
    heavy = "{'asyncio', 'psutil', 'pynvml', 'ctypes', 'nni_service_local.service'}"
    code = f"import sys; import nni_service_local.plugin; print({heavy} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"set()\n"


def test_service_itself_loads_no_library_of_last_resort() -> None:
    """psutil and NVML are imported when they are needed, not when the service is."""
    code = "import sys; import nni_service_local.service; print({'psutil', 'pynvml', 'ctypes'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"set()\n"
