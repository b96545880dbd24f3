"""The HTML body of a message, alone in a frame with a policy of its own, and the parts that it shows.

Two walls stand around foreign HTML whatever the cleaner let through: the frame's ``sandbox`` attribute and the same
``sandbox`` in the response's Content-Security-Policy. Opened outside a frame the response is a bare sandbox: an
origin of its own, no scripts, nothing loaded.
"""

from __future__ import annotations

from csp.utils import build_policy
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from groupware import csp
from groupware.functions.permissions import function_required
from webmail import rawstore
from webmail.mime import parsing, sanitizing
from webmail.models import Message
from webmail.views.downloads import PICTURE_TYPES, download, file_name


def _parts_url(message: Message, request: HttpRequest) -> str:
    """The absolute address below which the parts of ``message`` are served; ends with a slash."""
    path = reverse("webmail:message", args=[message.public_id])
    return request.build_absolute_uri(f"{path}parts/")


def cleaned(html: str, message: Message, request: HttpRequest) -> sanitizing.SanitizedHtml:
    """Clean a body; ``cid:`` pictures (RFC 2392) lead to the parts of the same message, remote ones are left out."""
    numbers = {
        part.content_id.strip("<>"): part.number
        for part in message.parts.exclude(content_id="")
        if part.content_type in PICTURE_TYPES
    }
    base = _parts_url(message, request)

    def part_url(cid: str) -> str | None:
        number = numbers.get(cid.strip("<>"))
        return f"{base}{number}/" if number else None

    return sanitizing.sanitize(html, part_url=part_url)


def _policy(message: Message, request: HttpRequest) -> str:
    if request.headers.get("Sec-Fetch-Dest") != "iframe":
        return "sandbox; default-src 'none'; style-src 'unsafe-inline'"
    origin = request.build_absolute_uri("/").rstrip("/")
    return build_policy(config=csp.body_directives(_parts_url(message, request), origin))


@function_required("webmail")
@require_safe
def body(request: HttpRequest, public_id) -> HttpResponse:
    """Serve the cleaned HTML inside a fixed document."""
    sound = Message.objects.visible_to(request.user).exclude(body_state=Message.Body.QUARANTINED)
    found = get_object_or_404(sound, public_id=public_id)
    try:
        read = parsing.body(rawstore.read(found.digest))
    except rawstore.RawMissingError:
        raise Http404 from None
    if not read.html:
        raise Http404
    clean = cleaned(read.html, found, request)
    if clean.too_large:
        raise Http404
    response = render(request, "webmail/body.html", {"clean_html": clean.html})
    response["Content-Security-Policy"] = _policy(found, request)
    response["X-Frame-Options"] = "SAMEORIGIN"  # for what does not know frame-ancestors
    response["Referrer-Policy"] = "no-referrer"
    response["X-DNS-Prefetch-Control"] = "off"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response


def _part(request: HttpRequest, public_id, number: str) -> tuple[parsing.ParsedPart, bytes]:
    found = get_object_or_404(Message.objects.visible_to(request.user), public_id=public_id)
    part = get_object_or_404(found.parts, number=number)
    try:
        return parsing.part_content(rawstore.read(found.digest), part.number)
    except (rawstore.RawMissingError, LookupError):
        raise Http404 from None


@function_required("webmail")
@require_safe
def picture(request: HttpRequest, public_id, number: str) -> HttpResponse:
    """A picture that the body shows (``cid:``). Anything that is not a raster picture is a download."""
    part, content = _part(request, public_id, number)
    if part.content_type not in PICTURE_TYPES:
        return _as_file(part, content)
    return download(content, part.content_type)


@function_required("webmail")
@require_safe
def attachment(request: HttpRequest, public_id, number: str) -> HttpResponse:
    """Download one part as a file."""
    return _as_file(*_part(request, public_id, number))


def _as_file(part: parsing.ParsedPart, content: bytes) -> HttpResponse:
    response = download(content, part.content_type)
    name = file_name(part.filename, f"attachment-{part.number}")
    response["Content-Disposition"] = content_disposition_header(True, name)
    return response
