"""Where every key of NNI's first schema went in the second. Keys are folded; ``*`` stands for a position in a list."""

from __future__ import annotations

from collections.abc import Mapping

from nni_core.config.document import folded

Path = tuple[str, ...]

_SERVICE = "training_service"

_NAMES = (
    *("authorName", "experimentName", "trialConcurrency", "maxExecDuration", "maxTrialNum"),
    *("trainingServicePlatform", "searchSpacePath", "useAnnotation", "multiPhase", "multiThread"),
    *("nniManagerIp", "logDir", "logLevel", "logCollection", "versionCheck", "sharedStorage"),
    *("builtinTunerName", "builtinAssessorName", "builtinAdvisorName", "codeDir", "classFileName", "className"),
    *("classArgs", "gpuIndices", "includeIntermediateResults", "gpuNum", "localConfig", "remoteConfig"),
    *("machineList", "maxTrialNumPerGpu", "useActiveGpu", "sshKeyPath", "pythonPath"),
)
#: names of the first schema by their folded form, as messages write them
SPELLINGS = {folded(name): name for name in _NAMES}

#: platform of the first schema -> of the second
PLATFORMS = {
    **{name: name for name in ("local", "remote", "aml", "kubeflow", "frameworkcontroller")},
    "pai": "openpai",
}

#: keys without a counterpart, which never changed what an experiment found
DROPPED: frozenset[Path] = frozenset(
    {
        ("authorname",),
        ("description",),
        ("multithread",),
        ("versioncheck",),
        ("logcollection",),
        ("trial", "nasmode"),
        *(("trial", role, "privateregistryauthpath") for role in ("worker", "ps", "master")),
        ("trial", "taskroles", "*", "privateregistryauthpath"),
        *((section, "includeintermediateresults") for section in ("tuner", "assessor", "advisor")),
        *(("paiconfig", key) for key in ("password", "maxtrialnumpergpu", "useactivegpu")),
        ("amlconfig", "useactivegpu"),
        *((section, "uploadretrycount") for section in ("kubeflowconfig", "frameworkcontrollerconfig")),
    }
)

_TOP = {
    "experimentname": "experiment_name",
    "trialconcurrency": "trial_concurrency",
    "maxexecduration": "max_experiment_duration",
    "maxtrialnum": "max_trial_number",
    "searchspacepath": "search_space_file",
    "nnimanagerip": "nni_manager_ip",
    "logdir": "experiment_working_directory",
    "debug": "debug",
    "loglevel": "log_level",
    "useannotation": "use_annotation",
}
_TRIAL = {"command": "trial_command", "codedir": "trial_code_directory", "gpunum": "trial_gpu_number"}
_STORAGE = {
    "storagetype": "storage_type",
    "nfsserver": "nfs_server",
    "exporteddirectory": "exported_directory",
    "localmountpoint": "local_mount_point",
    "remotemountpoint": "remote_mount_point",
    "localmounted": "local_mounted",
    "storageaccountname": "storage_account_name",
    "storageaccountkey": "storage_account_key",
    "containername": "container_name",
}
_GPUS = {
    "gpuindices": "gpu_indices",
    "maxtrialnumpergpu": "max_trial_number_per_gpu",
    "useactivegpu": "use_active_gpu",
}
_MACHINE = {
    "ip": "host",
    "port": "port",
    "username": "user",
    "passwd": "password",
    "sshkeypath": "ssh_key_file",
    "passphrase": "ssh_passphrase",
    "pythonpath": "python_path",
    **_GPUS,
}
_ROLE = {
    "command": "command",
    "gpunum": "gpu_number",
    "cpunum": "cpu_number",
    "memorymb": "memory_size",
    "image": "docker_image",
}
_CLUSTER_STORAGE: dict[Path, Path] = {
    ("nfs", "server"): ("storage", "server"),
    ("nfs", "path"): ("storage", "path"),
    ("azurestorage", "accountname"): ("storage", "azure_account"),
    ("azurestorage", "azureshare"): ("storage", "azure_share"),
    ("keyvault", "vaultname"): ("storage", "key_vault_name"),
    ("keyvault", "name"): ("storage", "key_vault_key"),
    ("storage",): ("storage", "storage_type"),
}


def _below(old: Path, new: Path, names: Mapping[str, str]) -> dict[Path, Path]:
    return {(*old, key): (*new, name) for key, name in names.items()}


def _algorithm(section: str) -> dict[Path, Path]:
    names = {f"builtin{section}name": "name", "classname": "class_name", "classfilename": "class_file_name"}
    return {
        **_below((section,), (section,), {**names, "codedir": "code_directory", "classargs": "class_args"}),
        (section, "gpuindices"): ("tuner_gpu_indices",),
    }


def _cluster(section: str) -> dict[Path, Path]:
    return {(section, *old): (_SERVICE, *new) for old, new in _CLUSTER_STORAGE.items()}


#: what every platform has
_COMMON: dict[Path, Path] = {
    **_below((), (), _TOP),
    **_below(("trial",), (), _TRIAL),
    **_algorithm("tuner"),
    **_algorithm("assessor"),
    **_algorithm("advisor"),
    **_below(("sharedstorage",), ("shared_storage",), _STORAGE),
    ("trainingserviceplatform",): (_SERVICE, "platform"),
}

_OF_PLATFORM: dict[str, dict[Path, Path]] = {
    "local": _below(("localconfig",), (_SERVICE,), _GPUS),
    "remote": {
        ("remoteconfig", "reuse"): (_SERVICE, "reuse_mode"),
        **_below(("machinelist", "*"), (_SERVICE, "machine_list", "*"), _MACHINE),
    },
    "pai": {
        **_below(
            ("trial",),
            (_SERVICE,),
            {
                "nnimanagernfsmountpath": "local_storage_mount_point",
                "containernfsmountpath": "container_storage_mount_point",
                "cpunum": "trial_cpu_number",
                "memorymb": "trial_memory_size",
                "image": "docker_image",
                "virtualcluster": "virtual_cluster",
                "paistorageconfigname": "storage_config_name",
                "paiconfigpath": "openpai_config_file",
            },
        ),
        **_below(
            ("paiconfig",),
            (_SERVICE,),
            {
                "username": "username",
                "token": "token",
                "host": "host",
                "reuse": "reuse_mode",
                "gpunum": "trial_gpu_number",
                "cpunum": "trial_cpu_number",
                "memorymb": "trial_memory_size",
            },
        ),
    },
    "aml": {
        ("trial", "image"): (_SERVICE, "docker_image"),
        **_below(
            ("amlconfig",),
            (_SERVICE,),
            {
                "subscriptionid": "subscription_id",
                "resourcegroup": "resource_group",
                "workspacename": "workspace_name",
                "computetarget": "compute_target",
                "maxtrialnumpergpu": "max_trial_number_per_gpu",
            },
        ),
    },
    "kubeflow": {
        **_below(("kubeflowconfig",), (_SERVICE,), {"operator": "operator", "apiversion": "api_version"}),
        **_cluster("kubeflowconfig"),
        **{
            path: target
            for role in ("worker", "ps", "master")
            for path, target in _below(("trial", role), (_SERVICE, role), {"replicas": "replicas", **_ROLE}).items()
        },
    },
    "frameworkcontroller": {
        **_below(
            ("frameworkcontrollerconfig",),
            (_SERVICE,),
            {"serviceaccountname": "service_account_name", "reuse": "reuse_mode"},
        ),
        **_cluster("frameworkcontrollerconfig"),
        **_below(
            ("trial", "taskroles", "*"),
            (_SERVICE, "task_roles", "*"),
            {"name": "name", "tasknum": "task_number", **_ROLE},
        ),
        **_below(
            ("trial", "taskroles", "*", "frameworkattemptcompletionpolicy"),
            (_SERVICE, "task_roles", "*", "framework_attempt_completion_policy"),
            {"minfailedtaskcount": "min_failed_task_count", "minsucceededtaskcount": "min_succeed_task_count"},
        ),
    },
}


def moves_of(platform: str) -> dict[Path, Path]:
    """Every key of a file for a platform of the first schema, and the path of it in the second."""
    return {**_COMMON, **_OF_PLATFORM.get(platform, {})}
