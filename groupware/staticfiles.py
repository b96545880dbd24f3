"""Static files with a hash in their name, also inside the imports of our JavaScript modules."""

from collections.abc import Callable
from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage

#: Scripts of other packages are served as they came: some mention imports in comments that lead nowhere.
OUR_SCRIPTS = ("groupware/", "oauthservers/", "webmail/")


class ManifestStorage(CompressedManifestStaticFilesStorage):
    """Rewrites ``import … from "./x.js"`` to hashed names, so that modules may be cached for ever."""

    support_js_module_import_aggregation = True

    def url_converter(self, name: str, *args: Any, **kwargs: Any) -> Callable[[Any], str]:
        """The function that rewrites one reference found in the file ``name``."""
        if name.endswith(".js") and not name.startswith(OUR_SCRIPTS):
            return lambda match: str(match[0])
        converter: Callable[[Any], str] = super().url_converter(name, *args, **kwargs)
        return converter
