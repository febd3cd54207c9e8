"""Django's command; it also collects what pure modules, which know no Django, mark with ``message``."""

from django.core.management.commands import makemessages


class Command(makemessages.Command):
    """See the module."""

    xgettext_options = [*makemessages.Command.xgettext_options, "--keyword=message"]
