"""Addresses under /api/v1/, on both hosts."""

from rest_framework.routers import SimpleRouter

from .api import InvoiceViewSet

router = SimpleRouter(use_regex_path=False)
router.register("invoices", InvoiceViewSet, basename="invoice")
urlpatterns = router.urls
