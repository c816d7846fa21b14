"""The sections ``training_service`` and ``shared_storage``, under the names of their classes in NNI.

A class stands for a platform whether its plugin is installed or not: ``ExperimentConfig.validate()`` tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nni_core.client.section import AnyPath, Section
from nni_core.model import Json

#: fields of a training service that are those of the experiment unless they are set in it
SHARED = ("trial_command", "trial_code_directory", "trial_gpu_number", "debug", "nni_manager_ip")


class TrainingServiceConfig(Section):
    """Where trials run: ``platform`` and the service's own fields, whatever they are. The ``trial_…`` fields and
    ``debug`` are those of the experiment unless they are set here."""

    platform: str | None = None
    trial_command: str | list[str] | None = None
    trial_code_directory: AnyPath | None = None
    trial_gpu_number: int | None = None
    debug: bool | None = None

    _paths = frozenset({"trial_code_directory"})


class OtherServiceConfig(TrainingServiceConfig):
    """A platform that NNI did not have: any field is taken, and the plugin judges them."""

    def __init__(self, platform: str, **values: Any) -> None:
        self._extra: dict[str, Any] = {}
        super().__init__(platform=platform, **values)

    def fill(self, values: Mapping[str, Json]) -> None:
        self.__dict__.setdefault("_extra", {})
        for name, value in values.items():
            setattr(self, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_") or name in self.field_names():
            super().__setattr__(name, value)
        else:
            self._extra[name] = value

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["_extra"][name]
        except KeyError:
            raise AttributeError(f"{type(self).__name__} has no field '{name}'") from None

    def as_data(self) -> dict[str, Json]:
        return {**super().as_data(), **self._extra}

    def json(self) -> dict[str, Json]:
        return {**super().json(), **self._extra}


class LocalConfig(TrainingServiceConfig):
    """This machine."""

    platform: str | None = "local"
    use_active_gpu: bool | None = None
    max_trial_number_per_gpu: int | float = 1
    gpu_indices: list[int] | int | str | None = None
    reuse_mode: bool = False


class _Elsewhere(TrainingServiceConfig):
    nni_manager_ip: str | None = None


class RemoteMachineConfig(Section):
    """One machine that is reached over SSH."""

    host: str | None = None
    port: int = 22
    user: str | None = None
    password: str | None = None
    ssh_key_file: AnyPath | None = "~/.ssh/id_rsa"
    ssh_passphrase: str | None = None
    use_active_gpu: bool = False
    max_trial_number_per_gpu: int | float = 1
    gpu_indices: list[int] | int | str | None = None
    python_path: str | None = None

    _paths = frozenset({"ssh_key_file"})


class RemoteConfig(_Elsewhere):
    """Machines that are reached over SSH."""

    platform: str | None = "remote"
    machine_list: list[RemoteMachineConfig] | None = None
    reuse_mode: bool = False

    def _section(self, name: str, value: Any) -> Any:
        return sections(RemoteMachineConfig, value) if name == "machine_list" else value


class OpenpaiConfig(_Elsewhere):
    """OpenPAI."""

    platform: str | None = "openpai"
    host: str | None = None
    username: str | None = None
    token: str | None = None
    trial_cpu_number: int | None = None
    trial_memory_size: str | int | None = None
    storage_config_name: str | None = None
    docker_image: str = "msranni/nni:latest"
    virtual_cluster: str | None = None
    local_storage_mount_point: AnyPath | None = None
    container_storage_mount_point: str | None = None
    reuse_mode: bool = True
    openpai_config: dict[str, Any] | None = None
    openpai_config_file: AnyPath | None = None

    _paths = frozenset({"trial_code_directory", "local_storage_mount_point", "openpai_config_file"})


class AmlConfig(_Elsewhere):
    """Azure Machine Learning."""

    platform: str | None = "aml"
    subscription_id: str | None = None
    resource_group: str | None = None
    workspace_name: str | None = None
    compute_target: str | None = None
    docker_image: str = "msranni/nni:latest"
    max_trial_number_per_gpu: int = 1


class DlcConfig(_Elsewhere):
    """Alibaba's PAI-DLC."""

    platform: str | None = "dlc"
    type: str = "Worker"
    image: str | None = None
    job_type: str = "TFJob"
    pod_count: int | None = None
    ecs_spec: str | None = None
    region: str | None = None
    workspace_id: str | None = None
    nas_data_source_id: str | None = None
    oss_data_source_id: str | None = None
    access_key_id: str | None = None
    access_key_secret: str | None = None
    local_storage_mount_point: str | None = None
    container_storage_mount_point: str | None = None


class K8sStorageConfig(Section):
    """Storage of trials on Kubernetes."""

    storage_type: str | None = None
    azure_account: str | None = None
    azure_share: str | None = None
    key_vault_name: str | None = None
    key_vault_key: str | None = None
    server: str | None = None
    path: str | None = None


class K8sNfsConfig(K8sStorageConfig):
    """An NFS server."""

    storage_type: str | None = "nfs"


class K8sAzureStorageConfig(K8sStorageConfig):
    """An Azure file share."""

    storage_type: str | None = "azureStorage"


class KubeflowRoleConfig(Section):
    """One role of a Kubeflow job."""

    replicas: int | None = None
    command: str | None = None
    gpu_number: int = 0
    cpu_number: int | None = None
    memory_size: str | int | None = None
    docker_image: str = "msranni/nni:latest"
    code_directory: AnyPath | None = None

    _paths = frozenset({"code_directory"})


class KubeflowConfig(_Elsewhere):
    """Kubeflow on Kubernetes."""

    platform: str | None = "kubeflow"
    operator: str | None = None
    api_version: str | None = None
    storage: K8sStorageConfig | None = None
    worker: KubeflowRoleConfig | None = None
    ps: KubeflowRoleConfig | None = None
    master: KubeflowRoleConfig | None = None
    reuse_mode: bool = True
    namespace: str = "default"

    def _section(self, name: str, value: Any) -> Any:
        classes = {"storage": K8sStorageConfig, **dict.fromkeys(("worker", "ps", "master"), KubeflowRoleConfig)}
        return sections(classes[name], value) if name in classes else value


class FrameworkAttemptCompletionPolicy(Section):
    """When a job of the framework controller counts as over."""

    min_failed_task_count: int | None = None
    min_succeed_task_count: int | None = None


class FrameworkControllerRoleConfig(Section):
    """One role of a job of the framework controller."""

    name: str | None = None
    docker_image: str = "msranni/nni:latest"
    task_number: int | None = None
    command: str | None = None
    gpu_number: int | None = None
    cpu_number: int | None = None
    memory_size: str | int | None = None
    framework_attempt_completion_policy: FrameworkAttemptCompletionPolicy | None = None

    def _section(self, name: str, value: Any) -> Any:
        is_policy = name == "framework_attempt_completion_policy"
        return sections(FrameworkAttemptCompletionPolicy, value) if is_policy else value


class FrameworkControllerConfig(_Elsewhere):
    """The framework controller on Kubernetes."""

    platform: str | None = "frameworkcontroller"
    storage: K8sStorageConfig | None = None
    service_account_name: str | None = None
    task_roles: list[FrameworkControllerRoleConfig] | None = None
    reuse_mode: bool = True
    namespace: str = "default"

    def _section(self, name: str, value: Any) -> Any:
        classes: dict[str, type[Section]] = {"storage": K8sStorageConfig, "task_roles": FrameworkControllerRoleConfig}
        return sections(classes[name], value) if name in classes else value


class SharedStorageConfig(Section):
    """A directory that several machines mount."""

    storage_type: str | None = None
    local_mount_point: AnyPath | None = None
    remote_mount_point: str | None = None
    local_mounted: str | None = None
    storage_account_name: str | None = None
    storage_account_key: str | None = None
    container_name: str | None = None
    nfs_server: str | None = None
    exported_directory: str | None = None

    _paths = frozenset({"local_mount_point"})


class NfsConfig(SharedStorageConfig):
    """Shared storage on an NFS server."""

    storage_type: str | None = "NFS"


class AzureBlobConfig(SharedStorageConfig):
    """Shared storage in Azure."""

    storage_type: str | None = "AzureBlob"


#: the class of each platform that NNI has
PLATFORMS: Mapping[str, type[TrainingServiceConfig]] = {
    str(one.platform): one
    for one in (
        LocalConfig, RemoteConfig, OpenpaiConfig, AmlConfig, DlcConfig, KubeflowConfig, FrameworkControllerConfig,
    )
}  # fmt: skip


def service_for(platform: str) -> TrainingServiceConfig:
    """An empty section for a platform."""
    known = PLATFORMS.get(platform.lower())
    return known() if known else OtherServiceConfig(platform)


def service_of(value: Any) -> Any:
    """The section, or sections, that a config gives for ``training_service``."""
    if isinstance(value, str):
        return service_for(value)
    if isinstance(value, list):
        return [service_of(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    platform = value.get("platform")
    known = PLATFORMS.get(platform.lower()) if isinstance(platform, str) else None
    return (known or OtherServiceConfig).from_data(value)


def sections(cls: type[Section], value: Any) -> Any:
    """Sections instead of dicts, one by one in a list."""
    if isinstance(value, list):
        return [sections(cls, item) for item in value]
    return cls.from_data(value) if isinstance(value, Mapping) else value
