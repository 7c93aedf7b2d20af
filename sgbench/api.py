"""Where older SGLang programs import the language's functions from: `sgbench.lang.api`."""

from sgbench.lang.api import *  # noqa: F403 - the same names, by its __all__
from sgbench.lang.api import __all__  # noqa: F401
