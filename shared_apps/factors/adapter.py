"""What allauth.mfa asks us: names on the authenticator's screen, the picture, and no unsealed secret ever."""

from __future__ import annotations

from io import BytesIO

import qrcode
from allauth.mfa.adapter import DefaultMFAAdapter
from qrcode.image.svg import SvgPathImage


class FactorsAdapter(DefaultMFAAdapter):
    """allauth's own flows are not routed; its hooks for secrets stay shut in case something calls them."""

    def encrypt(self, text: str) -> str:
        raise NotImplementedError("factors.sealing seals with the person's row")

    def decrypt(self, encrypted_text: str) -> str:
        raise NotImplementedError("factors.sealing unseals with the person's row")

    def build_totp_svg(self, url: str) -> str:
        """The address as a QR code, to stand inside a page: no XML declaration, no style."""
        image = qrcode.make(url, image_factory=SvgPathImage, border=2)
        buffer = BytesIO()
        image.save(buffer)
        return buffer.getvalue().decode().partition("?>")[2].strip()
