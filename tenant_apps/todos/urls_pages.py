"""Pages of to-dos."""

from django.urls import path

from . import web

app_name = "todos"
urlpatterns = [
    path("todos/", web.todo_list, name="list"),
    path("todos/<uuid:todo_id>/tick/", web.tick, name="tick"),
    path("todos/<uuid:todo_id>/delete/", web.delete, name="delete"),
]
