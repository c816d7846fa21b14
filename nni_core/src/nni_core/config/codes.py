"""The codes of every problem that this room reports. They are stable: documentation and scripts refer to them."""

from __future__ import annotations

from enum import StrEnum


class TextCode(StrEnum):
    """The file itself cannot be read as YAML or JSON."""

    EMPTY = "NNI101"
    NOT_A_MAPPING = "NNI102"
    TAB = "NNI103"
    INDENTATION = "NNI104"
    NO_SPACE_AFTER_COLON = "NNI105"
    OPEN_QUOTE = "NNI106"
    OPEN_BRACKET = "NNI107"
    DUPLICATE_KEY = "NNI108"
    SECOND_DOCUMENT = "NNI109"
    TAG = "NNI110"
    UNKNOWN_ALIAS = "NNI111"
    RECURSIVE_ALIAS = "NNI112"
    TOO_MANY_NODES = "NNI113"
    TOO_DEEP = "NNI114"
    TOO_LARGE = "NNI115"
    CONTROL_CHARACTER = "NNI116"
    WRONG_ENCODING = "NNI117"
    NOT_UTF8 = "NNI118"
    MERGE_KEY = "NNI119"
    KEY_NOT_TEXT = "NNI120"
    SMART_QUOTES = "NNI121"
    JSON_SYNTAX = "NNI122"
    NOT_A_NUMBER = "NNI123"
    LONG_NUMBER = "NNI124"
    UNREADABLE_FILE = "NNI125"
    NOT_TEXT = "NNI126"
    YAML_SYNTAX = "NNI127"


class ConfigCode(StrEnum):
    """The file can be read, but it does not describe an experiment."""

    MISSING_KEY = "NNI201"
    UNKNOWN_KEY = "NNI202"
    WRONG_VALUE = "NNI203"
    EXCLUSIVE_KEYS = "NNI204"
    VERSION_1_KEY = "NNI205"
    NOT_SUPPORTED = "NNI206"
    WRONG_DURATION = "NNI207"
    WRONG_PATH = "NNI208"
    NOT_PLAIN_DATA = "NNI209"
    SCRIPT_ABSENT = "NNI221"
    PROGRAM_ABSENT = "NNI222"
    HIGH_CONCURRENCY = "NNI223"
    FEW_TRIALS = "NNI224"
    LONG_TRIALS = "NNI225"
    NESTED_DIRECTORIES = "NNI226"
    TWO_VALUES = "NNI227"
    NO_EFFECT = "NNI228"
    VERSION_1_FILE = "NNI229"
    VERSION_1_DROPPED = "NNI230"
    NOT_CONVERTED = "NNI231"
    PLATFORM_ABSENT = "NNI232"
    SEVERAL_SERVICES = "NNI233"
    RESERVED_VARIABLE = "NNI241"
    VARIABLE_NAME = "NNI242"
    REPEATED_POINT = "NNI244"
    MANY_POINTS = "NNI245"
    SPACE_NOT_READ = "NNI246"


class ArgumentCode(StrEnum):
    """The arguments of a plugin do not fit it."""

    WRONG_ALGORITHM = "NNI450"
    MISSING_ARGUMENT = "NNI451"
    UNKNOWN_ARGUMENT = "NNI452"
    WRONG_ARGUMENT = "NNI453"
