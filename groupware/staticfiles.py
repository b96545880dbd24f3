"""Static files with a hash in their name, also inside the imports of our JavaScript modules."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class ManifestStorage(CompressedManifestStaticFilesStorage):
    """Rewrites ``import … from "./x.js"`` to hashed names, so that modules may be cached for ever."""

    support_js_module_import_aggregation = True
