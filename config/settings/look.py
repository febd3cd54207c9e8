"""The admin's look."""

from typing import Any

#: Blue instead of the package's purple, whose links are too faint on the dark ground (WCAG 1.4.3).
UNFOLD: dict[str, Any] = {
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "shared_apps.console.look.favicon"}],
    "COLORS": {
        "primary": {
            "50": "oklch(97% .014 254.604)",
            "100": "oklch(93.2% .032 255.585)",
            "200": "oklch(88.2% .059 254.128)",
            "300": "oklch(80.9% .105 251.813)",
            "400": "oklch(74% .14 254.624)",
            "500": "oklch(69% .17 256)",
            "600": "oklch(52% .22 262.881)",
            "700": "oklch(46% .22 264.376)",
            "800": "oklch(42.4% .199 265.638)",
            "900": "oklch(37.9% .146 265.522)",
            "950": "oklch(28.2% .091 267.935)",
        }
    },
}
