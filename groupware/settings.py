"""Every setting of the installation, read from the environment.

Production is the default: without ``GROUPWARE_DEVELOPMENT=1`` the process refuses to start when a secret is missing,
so that a forgotten variable is noticed at the first start and not after the first leak.
``docs/operating.md`` lists each variable with its meaning.
"""

from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from groupware import csp, logs

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

DEVELOPMENT = env.bool("GROUPWARE_DEVELOPMENT", default=False)
DEBUG = env.bool("GROUPWARE_DEBUG", default=False)
DATA_DIR = Path(env.str("GROUPWARE_DATA", default=str(BASE_DIR / "var"))).resolve()


def _secret(name: str, development_default: str, remedy: str) -> str:
    """Return a secret from NAME or the file named by NAME_FILE; without one only development may start."""
    value: str = env.str(name, default="")
    if file := env.str(f"{name}_FILE", default=""):
        value = Path(file).read_text(encoding="utf-8").strip()
    if value:
        return value
    if DEVELOPMENT:
        return development_default
    raise ImproperlyConfigured(f"{name} is not set. {remedy}")


SECRET_KEY = _secret(
    "SECRET_KEY",
    "development-only-not-a-secret-" + "x" * 40,
    "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(64))'",
)
# Key ring for fields at rest: "kid:base64[,older:base64]", the first key encrypts. Never stored beside the data.
ENCRYPTION_KEYS = _secret(
    "GROUPWARE_ENCRYPTION_KEYS",
    "development:" + "ZGV2ZWxvcG1lbnQtb25seS1rZXktbm90LXNlY3JldCE=",
    "Make one with: python -m groupware.encryption",
)

# The one address under which people reach the groupware. Redirect URIs are built from it, never from a request.
PUBLIC_URL = env.str("PUBLIC_URL", default="http://localhost:8000" if DEVELOPMENT else "").rstrip(
    "/"
)
if not PUBLIC_URL:
    raise ImproperlyConfigured(
        "PUBLIC_URL is not set. Give the address people use, as https://groupware.example.jp"
    )
_public = urlsplit(PUBLIC_URL)
_is_loopback = _public.hostname in {"localhost", "127.0.0.1", "::1"}
if _public.scheme != "https" and not _is_loopback:
    raise ImproperlyConfigured(
        "PUBLIC_URL must start with https:// (plain http is allowed for localhost only)."
    )
HTTPS = _public.scheme == "https"
ALLOWED_HOSTS = [_public.hostname or "localhost", *env.list("ALLOWED_HOSTS", default=[])]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

INSTALLED_APPS = [
    "groupware.users",
    "groupware.organisation",
    "groupware.audit",
    "groupware.functions",
    "groupware.notices",
    "groupware",
    "oauthservers",
    "webmail",
    "allauth",
    "allauth.account",
    "csp",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
]

MIDDLEWARE = [
    "groupware.logs.RequestIdMiddleware",
    "groupware.health.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "groupware.users.middleware.PreferencesMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "groupware.audit.middleware.AuditMiddleware",
]

ROOT_URLCONF = "groupware.urls"
WSGI_APPLICATION = "groupware.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "groupware.functions.navigation.context",
            ],
        },
    }
]

# -- storage ---------------------------------------------------------------------------------------------------------
DATABASES = {
    "default": env.db_url("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'groupware.sqlite3'}")
}
if "sqlite" in DATABASES["default"]["ENGINE"]:
    # WAL lets readers go on while one process writes; IMMEDIATE takes the write lock at BEGIN, so that a transaction
    # waits for its turn instead of failing in the middle with "database is locked".
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=30000;",
    }
    # A file, not memory: the tests' workers are processes of their own and must see the same rows.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
else:
    DATABASES["default"].setdefault("CONN_MAX_AGE", 60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        # A Redis that hangs must not hang the pages with it.
        "OPTIONS": {"socket_timeout": 5, "socket_connect_timeout": 2},
    }
}
# Sessions are rows: Redis may be wiped and nobody is signed out.
SESSION_ENGINE = "django.contrib.sessions.backends.db"

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "raw": {
        "BACKEND": env.str(
            "RAW_STORAGE_BACKEND", default="django.core.files.storage.FileSystemStorage"
        ),
        "OPTIONS": env.json("RAW_STORAGE_OPTIONS", default={"location": str(DATA_DIR / "raw")}),
    },
    "staticfiles": {"BACKEND": "groupware.staticfiles.ManifestStorage"},
}
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(DATA_DIR / "static")))
WHITENOISE_KEEP_ONLY_HASHED_FILES = False
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# -- people ----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "portal"
ACCOUNT_ADAPTER = "groupware.users.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)

# -- languages and time ----------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ja", _("Japanese")), ("fr", _("French")), ("ru", _("Russian"))]
TIME_ZONE = env.str("TIME_ZONE", default="Asia/Tokyo")
USE_TZ = True

# -- browser ---------------------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = csp.APPLICATION_POLICY
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"  # the message body alone is framed, and says so itself
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = (
    "Lax"  # Strict would lose the session on the way back from an authorization server
)
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
if HTTPS:
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]
if env.bool("BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# -- workers ---------------------------------------------------------------------------------------------------------
CELERY = {
    "broker_url": REDIS_URL,
    "task_ignore_result": True,
    "task_serializer": "json",
    "accept_content": ["json"],
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "worker_prefetch_multiplier": 1,
    "worker_soft_shutdown_timeout": 30,
    "worker_cancel_long_running_tasks_on_connection_loss": True,
    "worker_hijack_root_logger": False,
    "worker_send_task_events": True,
    "task_send_sent_event": False,
    "task_soft_time_limit": 15 * 60,
    "task_time_limit": 20 * 60,
    "task_default_queue": "maintenance",
    "broker_connection_retry_on_startup": True,
    # Above twice the longest task: a task that outlives it would be delivered a second time while it still runs.
    "broker_transport_options": {
        "visibility_timeout": 3600,
        "socket_timeout": 10,
        "health_check_interval": 25,
        # Who presses Send must not wait while Redis is away: the sweep finds the row. The default is six seconds.
        "max_retries": 1,
        "interval_start": 0,
        "interval_max": 0.1,
    },
    "beat_schedule_filename": str(DATA_DIR / "beat-schedule"),
}

# How often beat asks which rows are due, in seconds, and how often a mailbox is polled when nothing else is said.
SYNC_SWEEP_SECONDS = env.int("SYNC_SWEEP_SECONDS", default=20)
SYNC_INTERVAL_SECONDS = env.int("SYNC_INTERVAL_SECONDS", default=120)
INDEX_SWEEP_SECONDS = env.int("INDEX_SWEEP_SECONDS", default=5)
TOKEN_SWEEP_SECONDS = env.int("TOKEN_SWEEP_SECONDS", default=30)
DEVICE_SWEEP_SECONDS = env.int("DEVICE_SWEEP_SECONDS", default=3)
NOTICE_SWEEP_SECONDS = env.int("NOTICE_SWEEP_SECONDS", default=60)

# -- reaching out ----------------------------------------------------------------------------------------------------
# Networks that would be refused as private may be opened here for mail and authorization servers of one's own house.
OUTBOUND_ALLOWED_NETWORKS = env.list("OUTBOUND_ALLOWED_NETWORKS", default=[])
EMAIL_CONFIG = env.email_url(
    "EMAIL_URL", default="consolemail://" if DEVELOPMENT else "smtp://localhost:25"
)
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = (
    30  # seconds; a mail server that hangs must not hold up the notices of everybody else
)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=f"groupware@{_public.hostname}")

LOGGING = logs.configuration(
    level=env.str("LOG_LEVEL", default="INFO"),
    as_json=env.bool("LOG_JSON", default=not DEVELOPMENT),
)
SILENCED_SYSTEM_CHECKS: list[str] = []
