"""The local training service keeps every law of training services."""

from __future__ import annotations

from nni_core.api import ServiceContext
from nni_core.testing.training_service import TrainingServiceContract
from nni_service_local.service import LocalService


class TestLocalService(TrainingServiceContract):
    """The suite that every training service passes."""

    def create(self, context: ServiceContext) -> LocalService:
        return LocalService(context)
