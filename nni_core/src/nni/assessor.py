"""``from nni.assessor import Assessor, AssessResult``: for custom assessors, under the names that NNI users know."""

from nni_core.api import Assessor, AssessResult

__all__ = ["AssessResult", "Assessor"]
