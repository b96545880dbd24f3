"""What belongs to the groupware as a whole: commands and checks of the installation."""

from django.apps import AppConfig


class GroupwareConfig(AppConfig):
    """The groupware itself; its people, departments and functions are apps of their own."""

    name = "groupware"
    label = "groupware"

    def ready(self) -> None:
        """Register the checks, and make the Celery application the one that the web process sends tasks to."""
        from groupware import celery, checks  # noqa: F401
