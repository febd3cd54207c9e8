"""Pages of the matrix, on every host."""

from django.urls import path

from . import web

app_name = "access"
urlpatterns = [path("docs/access/", web.matrix, name="matrix")]
