"""Content-security policies: one for the application's pages, one for a message body in its frame."""

from csp.constants import NONE, SELF, UNSAFE_INLINE

#: Nothing inline, nothing from elsewhere. Sign-in at an authorization server is a redirect of a form, which Chromium
#: checks against ``form-action`` along the whole chain; the views that leave for a server widen it by that server.
APPLICATION_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "frame-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}


def body_directives(part_prefix: str, ancestor: str) -> dict[str, list[str]]:
    """Directives for a message body: pictures of this message's own parts, inline styles, nothing else.

    ``part_prefix`` is the absolute URL below which the message's parts are served, ``ancestor`` the origin that may
    frame it. Without ``allow-scripts`` nothing in the mail can run; popups escape the sandbox so that sites opened
    from a link work as usual.
    """
    return {
        "default-src": [NONE],
        "img-src": [part_prefix, "data:"],
        "style-src": [UNSAFE_INLINE],
        "script-src": [NONE],
        "form-action": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [ancestor],
        "sandbox": ["allow-same-origin", "allow-popups", "allow-popups-to-escape-sandbox"],
    }
