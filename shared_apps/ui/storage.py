"""Static files with hashed names in production, the imports between our JavaScript modules included."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage

#: Third parties' files that no page of ours loads, and whose comments look like broken imports.
_UNUSED = ("django_htmx/",)


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Hash, compress, and rewrite `import … from "./x.js"` to the hashed name."""

    support_js_module_import_aggregation = True

    def post_process(self, paths: dict[str, Any], *args: Any, **kwargs: Any) -> Iterator[Any]:
        """Hash what pages load; the rest stays as it came."""
        used = {name: value for name, value in paths.items() if not name.startswith(_UNUSED)}
        yield from super().post_process(used, *args, **kwargs)
