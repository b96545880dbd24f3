"""The authorization servers that are known by name: endpoints, scopes and mail servers. Data only.

Every value has a public source, named beside it; what has none is left empty, and the administrator types it. All of it
fills a form and stays editable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class MailServerPreset:
    """One mail server of a preset; ``security`` is tls or starttls."""

    protocol: str
    host: str
    port: int
    security: str = "tls"

    @property
    def key(self) -> str:
        """What names it in a form; the port tells two servers of one protocol apart."""
        return f"{self.protocol}-{self.port}"


@dataclass(frozen=True)
class Preset:
    """Scopes by purpose and the public endpoints of one authorization server. Empty: the administrator says.

    ``is_tested``: whether anybody has seen it work with this product. ``group`` orders the choice on the screen.
    """

    scopes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    endpoint: str = ""
    issuer: str = ""
    authorization_endpoint: str = ""
    token_endpoint: str = ""
    userinfo_endpoint: str = ""
    jwks_uri: str = ""
    revocation_endpoint: str = ""
    device_authorization_endpoint: str = ""
    key: str = ""
    label: str = ""
    kind: str = "generic"
    group: str = "other"
    guide: str = "generic"
    mail_servers: tuple[MailServerPreset, ...] = ()
    application_scopes: tuple[str, ...] = ()
    client_authentication: str = "client_secret_post"
    is_tested: bool = False


def _servers(imap: str = "", pop3: str = "", smtp: str = "") -> tuple[MailServerPreset, ...]:
    """Mail servers from ``host:port``; the ports 587 and 143 begin without TLS (RFC 8314 §3, §7)."""
    found = []
    for protocol, place in (("imap", imap), ("pop3", pop3), ("smtp", smtp)):
        if place:
            host, _, port = place.partition(":")
            security = "starttls" if port in {"587", "143"} else "tls"
            found.append(MailServerPreset(protocol, host, int(port), security))
    return tuple(found)


def _exchange(
    key: str,
    label: str,
    login: str,
    resource: str,
    application: str,
    mail: tuple[MailServerPreset, ...],
    is_tested: bool = False,
) -> Preset:
    """A cloud of Microsoft 365: they differ in hosts, not in form.

    Scopes: learn.microsoft.com, "Authenticate an IMAP, POP or SMTP connection using OAuth". Application access asks
    for ``/.default`` of the resource outlook.office365.com there, and of the cloud's own elsewhere.
    """
    return Preset(
        key=key,
        label=label,
        kind="microsoft",
        group="microsoft",
        guide="microsoft" if key == "microsoft" else "microsoft-national",
        endpoint=f"https://{login}/organizations/oauth2/v2.0",
        scopes={
            "imap": (f"{resource}/IMAP.AccessAsUser.All",),
            "pop3": (f"{resource}/POP.AccessAsUser.All",),
            "smtp": (f"{resource}/SMTP.Send",),
            "identity": ("openid", "profile", "email", "offline_access"),
        },
        application_scopes=(f"{application}/.default",),
        mail_servers=mail,
        is_tested=is_tested,
    )


_GMAIL = "https://mail.google.com/"
_FASTMAIL = "https://www.fastmail.com/dev/protocol"

_LIST = (
    # learn.microsoft.com: "POP, IMAP, and SMTP settings".
    _exchange(
        "microsoft",
        "Microsoft 365",
        "login.microsoftonline.com",
        "https://outlook.office.com",
        "https://outlook.office365.com",
        _servers(
            "outlook.office365.com:993", "outlook.office365.com:995", "smtp.office365.com:587"
        ),
        is_tested=True,
    ),
    # learn.microsoft.com: "National clouds"; mail hosts and scopes as EmailEngine (lib/oauth/outlook.js) has them.
    _exchange(
        "microsoft-gcc-high",
        "Microsoft 365 US Government (GCC High)",
        "login.microsoftonline.us",
        "https://outlook.office365.us",
        "https://outlook.office365.us",
        _servers("outlook.office365.us:993", "outlook.office365.us:995", "smtp.office365.us:587"),
    ),
    _exchange(
        "microsoft-dod",
        "Microsoft 365 US Government (DoD)",
        "login.microsoftonline.us",
        "https://outlook.office365.us",
        "https://outlook.office365.us",
        _servers(
            "outlook-dod.office365.us:993",
            "outlook-dod.office365.us:995",
            "outlook-dod.office365.us:587",
        ),
    ),
    # No vendor's page says the form of the scopes here; host and resource as in the vendor's sample for EWS.
    _exchange(
        "microsoft-21vianet",
        "Microsoft 365 operated by 21Vianet",
        "login.partner.microsoftonline.cn",
        "https://partner.outlook.cn",
        "https://partner.outlook.cn",
        _servers("partner.outlook.cn:993", "partner.outlook.cn:995", "smtp.partner.outlook.cn:587"),
    ),
    # developers.google.com: "Using OAuth 2.0 for Web Server Applications", "XOAUTH2 Protocol", "IMAP, POP, and SMTP".
    Preset(
        key="google",
        label="Google Workspace",
        kind="google",
        group="google",
        guide="google",
        scopes={
            "imap": (_GMAIL,),
            "pop3": (_GMAIL,),
            "smtp": (_GMAIL,),
            "identity": ("openid", "email"),
        },
        application_scopes=(_GMAIL,),
        issuer="https://accounts.google.com",
        authorization_endpoint="https://accounts.google.com/o/oauth2/v2/auth",
        token_endpoint="https://oauth2.googleapis.com/token",  # noqa: S106 (an address)
        userinfo_endpoint="https://openidconnect.googleapis.com/v1/userinfo",
        jwks_uri="https://www.googleapis.com/oauth2/v3/certs",
        revocation_endpoint="https://oauth2.googleapis.com/revoke",
        mail_servers=_servers("imap.gmail.com:993", "pop.gmail.com:995", "smtp.gmail.com:465"),
        is_tested=True,
    ),
    # Thunderbird (OAuth2Providers.sys.mjs): endpoints and scopes of the providers that follow.
    Preset(
        key="yahoo",
        label="Yahoo Mail",
        guide="yahoo",
        scopes={"imap": ("mail-w",), "smtp": ("mail-w",), "identity": ("openid", "email")},
        issuer="https://api.login.yahoo.com",
        authorization_endpoint="https://api.login.yahoo.com/oauth2/request_auth",
        token_endpoint="https://api.login.yahoo.com/oauth2/get_token",  # noqa: S106
        mail_servers=_servers("imap.mail.yahoo.com:993", smtp="smtp.mail.yahoo.com:465"),
    ),
    Preset(
        key="aol",
        label="AOL Mail",
        guide="yahoo",
        scopes={"imap": ("mail-w",), "smtp": ("mail-w",), "identity": ("openid", "email")},
        issuer="https://api.login.aol.com",
        authorization_endpoint="https://api.login.aol.com/oauth2/request_auth",
        token_endpoint="https://api.login.aol.com/oauth2/get_token",  # noqa: S106
        mail_servers=_servers("imap.aol.com:993", smtp="smtp.aol.com:465"),
    ),
    # The token address really ends in "refresh". The port of POP3 has no source.
    Preset(
        key="fastmail",
        label="Fastmail",
        guide="fastmail",
        scopes={
            "imap": (f"{_FASTMAIL}-imap",),
            "pop3": (f"{_FASTMAIL}-pop",),
            "smtp": (f"{_FASTMAIL}-smtp",),
            "identity": ("openid", "email", "offline_access"),
        },
        issuer="https://api.fastmail.com",
        authorization_endpoint="https://api.fastmail.com/oauth/authorize",
        token_endpoint="https://api.fastmail.com/oauth/refresh",  # noqa: S106
        mail_servers=_servers("imap.fastmail.com:993", smtp="smtp.fastmail.com:465"),
    ),
    # The ports of Comcast's mail servers have no source; they are those of RFC 8314.
    Preset(
        key="comcast",
        label="Comcast Xfinity",
        scopes={
            "imap": ("https://email.comcast.net/",),
            "pop3": ("https://email.comcast.net/",),
            "smtp": ("https://email.comcast.net/",),
            "identity": ("openid", "profile"),
        },
        authorization_endpoint="https://oauth.xfinity.com/oauth/authorize",
        token_endpoint="https://oauth.xfinity.com/oauth/token",  # noqa: S106
        mail_servers=_servers(
            "imap.comcast.net:993", "pop.comcast.net:995", "smtp.comcast.net:465"
        ),
    ),
    # Two generations: EmailEngine asks oauth.mail.ru, with the secret in a header; userinfo is from there.
    Preset(
        key="mail-ru",
        label="Mail.ru",
        scopes={"imap": ("mail.imap",), "smtp": ("mail.imap",), "identity": ("userinfo",)},
        authorization_endpoint="https://o2.mail.ru/login",
        token_endpoint="https://o2.mail.ru/token",  # noqa: S106
        userinfo_endpoint="https://oauth.mail.ru/userinfo",
        mail_servers=_servers("imap.mail.ru:993", smtp="smtp.mail.ru:465"),
    ),
    Preset(
        key="yandex",
        label="Yandex",
        scopes={"imap": ("mail:imap_full",), "smtp": ("mail:smtp",), "identity": ()},
        authorization_endpoint="https://oauth.yandex.com/authorize",
        token_endpoint="https://oauth.yandex.com/token",  # noqa: S106
        mail_servers=_servers("imap.yandex.com:993", smtp="smtp.yandex.com:465"),
    ),
    # OpenID Connect Core §5.4, §11; the rest comes from the server's metadata.
    Preset(
        key="generic",
        label="OpenID Connect, OAuth 2.0",
        group="own",
        scopes={"identity": ("openid", "email", "offline_access")},
        is_tested=True,
    ),
)

PRESETS_BY_KEY = {preset.key: preset for preset in _LIST}
