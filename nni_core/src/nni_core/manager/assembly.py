"""Puts an experiment together: config, plugins, store, training service, tuner and listeners."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import frozen

from nni_core import __version__
from nni_core.api import (
    ExperimentInfo,
    MetricSink,
    MetricSinkSpec,
    ServiceContext,
    TrainingService,
    TrialRequirements,
)
from nni_core.config.environment import as_text
from nni_core.config.load import LoadedConfig, load_config_data
from nni_core.config.schema import SinkConfig
from nni_core.errors import ConfigError, PluginError, Problem
from nni_core.experiment.clock import Clock
from nni_core.experiment.engine import Engine, Parts
from nni_core.experiment.executions import Job
from nni_core.experiment.ledger import Ledger
from nni_core.experiment.live_control import LiveControl
from nni_core.experiment.profile import profile_of
from nni_core.experiment.sieve import SearchRules
from nni_core.experiment.sinks import Listener, Listeners, RelaySink
from nni_core.experiment.tuner_host import TunerHost
from nni_core.experiment.tuner_messages import AlgorithmRef, TunerSetup
from nni_core.experiment.tuner_process import TunerLimits
from nni_core.experiment.tuner_spawn import TunerLine, environment_of
from nni_core.folders import ExperimentFolder
from nni_core.manager.order import Action, Order
from nni_core.model import Json
from nni_core.plugin_kinds import PluginKind
from nni_core.plugins import PluginRegistry, discover_plugins
from nni_core.plugins.building import arguments_of
from nni_core.plugins.codes import PluginCode
from nni_core.plugins.traces import blame
from nni_core.store.base import Store
from nni_core.store.events import ExperimentCreated, ManagerStarted
from nni_core.store.sqlite import create_store, open_store


@frozen(kw_only=True)
class Assembly:
    """An experiment, ready to start."""

    engine: Engine
    control: LiveControl
    registry: PluginRegistry
    warnings: Sequence[Problem]
    #: one of NNI's levels
    log_level: str


async def assemble(
    order: Order, folder: ExperimentFolder, clock: Clock, request_stop: Callable[[], None], tuner: TunerLine
) -> Assembly:
    """Put together what an order asks for. Nothing runs yet.

    :raises UserError: when it cannot be.
    """
    opened = _open(order, folder, clock)
    try:
        return await _assembled(opened, order, folder, clock, request_stop, tuner)
    except BaseException:
        await opened.store.close()
        raise


@frozen(kw_only=True)
class _Opened:
    """What an experiment's folder holds."""

    store: Store
    ledger: Ledger
    #: the config as it was at the beginning: later changes are in the ledger's
    first_config: Mapping[str, Json]


async def _assembled(
    opened: _Opened,
    order: Order,
    folder: ExperimentFolder,
    clock: Clock,
    request_stop: Callable[[], None],
    tuner: TunerLine,
) -> Assembly:
    store, ledger = opened.store, opened.ledger
    registry = discover_plugins()
    loaded = load_config_data(_to_load(ledger.config), base=folder.path, lookup=registry)
    service = _service(loaded, registry, folder, ledger)
    warnings = await _checked(service)
    info = ExperimentInfo(
        id=ledger.experiment_id,
        name=ledger.config.get("experimentName"),
        directory=folder.path,
        config=ledger.config,
        resumed=order.action is Action.RESUME,
    )
    setup = _setup(loaded, opened.first_config)
    parts = Parts(
        store=store,
        service=service,
        tuner=TunerHost(
            setup=setup,
            log_file=folder.tuner_log,
            clock=clock,
            limits=_limits(loaded),
            environment=environment_of(folder, loaded.config.tuner_gpu_indices),
            line=tuner,
        ),
        setup=setup,
        listeners=_listeners(loaded, registry),
        clock=clock,
        info=info,
        job=Job(
            command=loaded.config.trial_command,
            code_directory=loaded.config.trial_code_directory,
            gpus=loaded.config.trial_gpu_number,
            environment=as_text(loaded.config.env),
        ),
    )
    engine = Engine(parts, ledger)
    control = LiveControl(
        engine=engine,
        store=store,
        service=service,
        profile=lambda: profile_of(ledger, directory=folder.path, duration=engine.duration),
        request_stop=request_stop,
    )
    return Assembly(
        engine=engine,
        control=control,
        registry=registry,
        warnings=warnings,
        log_level=str(ledger.config.get("logLevel", "info")),
    )


def _to_load(config: Mapping[str, Json]) -> Mapping[str, Json]:
    """A config without its initial points: they were checked when the experiment was made, and need not lie in the
    search space any more when it was changed since."""
    return {key: value for key, value in config.items() if key != "initialPoints"}


def _open(order: Order, folder: ExperimentFolder, clock: Clock) -> _Opened:
    ledger = Ledger()
    if order.action is Action.CREATE:
        assert order.config is not None  # noqa: S101 - the order says so
        store: Store = create_store(folder.database)
        created = ExperimentCreated(experiment_id=folder.id, config=order.config, version=__version__)
        for event in store.submit([created], timestamp=clock.now()):
            ledger.apply(event)
        first_config: Mapping[str, Json] = order.config
    else:
        store = open_store(folder.database)
        first = next(store.replay()).body
        first_config = first.config if isinstance(first, ExperimentCreated) else {}
        ledger.catch_up(store.outline())
    for event in store.submit([ManagerStarted(epoch=ledger.epoch + 1, pid=os.getpid())], timestamp=clock.now()):
        ledger.apply(event)
    return _Opened(store=store, ledger=ledger, first_config=first_config)


def _service(
    loaded: LoadedConfig, registry: PluginRegistry, folder: ExperimentFolder, ledger: Ledger
) -> TrainingService:
    config = loaded.config
    context = ServiceContext(
        experiment_id=ledger.experiment_id,
        directory=folder.path,
        requirements=TrialRequirements(
            command=config.trial_command,
            code_directory=config.trial_code_directory,
            gpus=config.trial_gpu_number,
            concurrency=config.trial_concurrency,
        ),
    )
    spec = registry.resolve(PluginKind.TRAINING_SERVICE, config.training_service.platform)
    service: TrainingService = registry.implementation(spec)(context, config.training_service.arguments)
    return service


async def _checked(service: TrainingService) -> Sequence[Problem]:
    problems = await service.check()
    if any(problem.fatal for problem in problems):
        raise ConfigError(*problems)
    return problems


def _setup(loaded: LoadedConfig, first_config: Mapping[str, Json]) -> TunerSetup:
    config = loaded.config
    return TunerSetup(
        tuner=_ref(config.tuner),
        assessor=_ref(config.assessor) if config.assessor else None,
        search_space=first_config["searchSpace"],
        plugin_files=[str(path) for path in config.plugins],
        rules=SearchRules.of(first_config),
    )


def _ref(algorithm: Any) -> AlgorithmRef:
    return AlgorithmRef(
        name=algorithm.name,
        class_name=algorithm.class_name,
        code_directory=str(algorithm.code_directory) if algorithm.code_directory else None,
        class_args=algorithm.class_args,
    )


def _limits(loaded: LoadedConfig) -> TunerLimits:
    timeout = loaded.config.tuner_timeout
    return TunerLimits() if timeout is None else TunerLimits(deadline=timeout)


def _listeners(loaded: LoadedConfig, registry: PluginRegistry) -> Listeners:
    sinks = [(sink.name, _placed_sink(sink, registry, place)) for place, sink in enumerate(loaded.config.sinks)]
    relays = [(name, RelaySink(relay)) for name, relay in registry.event_listeners()]
    return Listeners([Listener(name, sink) for name, sink in [*sinks, *relays]])


def _placed_sink(sink: SinkConfig, registry: PluginRegistry, place: int) -> MetricSink:
    """:raises PluginError: with its place in the config."""
    try:
        return _sink(sink, registry)
    except PluginError as error:
        raise PluginError(*(problem.under("sinks", place) for problem in error.problems)) from error


def _sink(sink: SinkConfig, registry: PluginRegistry) -> MetricSink:
    spec = registry.resolve(PluginKind.METRIC_SINK, sink.name)
    assert isinstance(spec, MetricSinkSpec)  # noqa: S101 - the registry keeps kinds apart
    implementation, arguments = registry.implementation(spec), arguments_of(spec.arguments, sink.class_args)
    try:
        made: MetricSink = implementation(**arguments)
    except Exception as error:
        # A plugin may raise anything: a file it cannot open, a server it cannot reach.
        message = f"metric sink '{sink.name}' cannot be built: {blame(error, spec.implementation.partition(':')[0])}"
        raise PluginError(Problem(code=PluginCode.CONSTRUCTOR_RAISES, message=message)) from error
    return made
