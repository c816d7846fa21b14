"""The codes of everything that can be wrong with a plugin. They are stable: documentation and scripts refer to them."""

from __future__ import annotations

from enum import StrEnum


class PluginCode(StrEnum):
    """Stable codes; a name says what was found."""

    NOT_OFFERED = "NNI402"
    #: no plugin offers anything of the kind
    NONE_INSTALLED = "NNI403"
    CLASS_WITHOUT_MODULE = "NNI405"
    NO_CODE_DIRECTORY = "NNI406"
    CUSTOM_MODULE_FAILS = "NNI407"
    NO_SUCH_CLASS = "NNI408"
    WRONG_BASE_CLASS = "NNI409"
    REFUSED_ARGUMENTS = "NNI410"
    CONSTRUCTOR_RAISES = "NNI415"
    CLASH = "NNI417"
    ENTRY_POINT_FAILS = "NNI418"
    OTHER_API_VERSION = "NNI419"
    UNKNOWN_HOOK = "NNI420"
    WRONG_SIGNATURE = "NNI421"
    ARCHIVED_NNI = "NNI430"
    BROKEN_OFFER = "NNI431"
    DISABLED = "NNI432"
    NO_PLUGIN_FILE = "NNI433"
    NOT_REGISTERED = "NNI434"
    IMPLEMENTATION_FAILS = "NNI435"
    NO_SUCH_ATTRIBUTE = "NNI436"
    REGISTERED_UNREADABLE = "NNI568"
    #: the module of a registered algorithm cannot be found
    REGISTERED_GONE = "NNI569"
