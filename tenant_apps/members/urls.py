"""Addresses under /api/v1/ of a tenant's host."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from .api import MemberViewSet, RoleViewSet
from .api_invitations import InvitationViewSet, JoinLinkViewSet
from .api_postal import AddressViewSet, BusinessView
from .api_transfers import TransferViewSet

router = SimpleRouter(use_regex_path=False)
router.register("members", MemberViewSet, basename="member")
router.register("invitations", InvitationViewSet, basename="invitation")
router.register("join-links", JoinLinkViewSet, basename="join-link")
router.register("ownership-transfers", TransferViewSet, basename="ownership-transfer")
router.register("roles", RoleViewSet, basename="role")
router.register("addresses", AddressViewSet, basename="address")
urlpatterns = [*router.urls, path("professional-info/", BusinessView.as_view(), name="professional-info")]
