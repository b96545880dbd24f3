"""What somebody else sent, handed to the browser as a file: never run, never shown as a page of ours."""

from __future__ import annotations

import re

from django.http import HttpResponse

#: Types that a browser saves under their own name; everything else is bytes. Nothing a browser would run is here.
DOWNLOAD_TYPES = frozenset(
    {
        "application/msword",
        "application/pdf",
        "application/vnd.ms-excel",
        "application/vnd.ms-powerpoint",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/zip",
        "image/gif",
        "image/jpeg",
        "image/png",
        "image/webp",
        "text/csv",
        "text/plain",
    }
)
#: Pictures that may be shown inside a message. SVG is a document with scripts and stays out.
PICTURE_TYPES = frozenset({"image/gif", "image/jpeg", "image/png", "image/webp", "image/bmp"})

_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]+')


def file_name(name: str, fallback: str) -> str:
    """A file name without control characters, path separators and marks that turn the reading direction."""
    return _UNSAFE.sub("_", name).strip(" .")[:150] or fallback


def download(content: bytes, content_type: str) -> HttpResponse:
    """A response for foreign bytes: its type from the list, no sniffing, no scripts, not kept in a cache."""
    allowed = DOWNLOAD_TYPES | PICTURE_TYPES
    safe_type = content_type if content_type in allowed else "application/octet-stream"
    if safe_type.startswith("text/"):
        safe_type += "; charset=utf-8"
    response = HttpResponse(content, content_type=safe_type)
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "private, no-store"
    return response
