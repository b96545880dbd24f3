"""Static files under names that carry their content's hash."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class ManifestStorage(CompressedManifestStaticFilesStorage):
    """Also hashes what ES modules import from each other, so that no bundler is needed."""

    support_js_module_import_aggregation = True
