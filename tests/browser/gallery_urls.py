"""The addresses of the product, and the gallery that otherwise only a development server shows."""

from django.urls import include, path

from groupware.urls import handler403
from groupware.urls import urlpatterns as product

__all__ = ["handler403", "urlpatterns"]

urlpatterns = [path("gallery/", include("groupware.gallery")), *product]
