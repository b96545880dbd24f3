"""Signing in, choosing an account, agreeing: pages that a browser or plain form posts can drive.

Every page posts back to its own address with the field `action`: `sign_in` (with `email` and
`password`), `choose` (with `account`), `other`, `accept` or `cancel` (both with
`account`; with `granular` only the optional scopes named in `granted` are given).
"""

from __future__ import annotations

from authlib.common.urls import add_params_to_uri
from authlib.oauth2 import OAuth2Error
from flask import Response, make_response, redirect, render_template, request, session

from tests.sandbox.authorization.realm import IDENTITY_SCOPES, Realm
from tests.sandbox.authorization.server import SandboxServer
from tests.sandbox.people import Person


class Pages:
    """The interactive part of one authorization server."""

    def __init__(self, realm: Realm, server: SandboxServer) -> None:
        self.realm = realm
        self.server = server

    # -- the authorization endpoint ------------------------------------------------------------

    def authorize(self, tenant: str = "") -> Response:
        """RFC 6749 section 4.1.1, for GET and for the posts of its own pages."""
        self.realm.counters.count("authorize")
        form, prompts = request.form, request.args.get("prompt", "").split()
        problem, person = "", None
        if form.get("action") == "sign_in":
            person, problem = self.signed_in(form.get("email", ""), form.get("password", ""))
        elif form.get("account"):
            person = self.remembered(form["account"])
        elif form.get("action") != "other":
            person = self._silent_choice(prompts)
        if person is not None and not problem:
            problem = self.realm.sign_in_problem(person, tenant)
            person = None if problem else person
        if not self.realm.client.check_redirect_uri(request.args.get("redirect_uri", "")):
            return self.refusal(
                "invalid_request", "Redirect URI is not registered for this client."
            )
        try:
            grant = self.server.get_consent_grant(end_user=person)
        except OAuth2Error as error:
            return self._error(error)
        if form.get("action") == "cancel":
            return self._back("access_denied", "The person declined.")
        if person is None:
            return self._ask_who(problem)
        missing = set(grant.request.scope.split()) - self._consented(person)
        if form.get("action") != "accept" and (missing or "consent" in prompts):
            if "none" in prompts:
                return self._back("consent_required", "The person has not consented.")
            return self._ask_consent(person, grant.request.scope)
        return self._grant(grant, person)

    def _grant(self, grant: object, person: Person) -> Response:
        if self.realm.settings.redirect_error:
            return self._send_back(dict(self.realm.settings.redirect_error))
        was_asked = request.form.get("action") == "accept"
        scope = grant.granted_scope = self._ticked(grant.request.scope)
        grant.is_offline = self.realm.is_offline(scope, request.args, was_asked=was_asked)
        self.realm.store.consent(self.realm.key, self.realm.client.client_id, person.address, scope)
        response = self.server.create_authorization_response(grant_user=person, grant=grant)
        if self.realm.is_granular:
            response.location = add_params_to_uri(response.location, [("scope", scope)])
        return self._with_issuer(response)

    def _ticked(self, scope: str) -> str:
        """What is left of the scopes when the person has taken some out."""
        if not request.form.get("granular"):
            return scope
        optional, kept = set(self._optional(scope)), set(request.form.getlist("granted"))
        return " ".join(name for name in scope.split() if name not in optional or name in kept)

    def _optional(self, scope: str) -> list[str]:
        return [name for name in scope.split() if name not in IDENTITY_SCOPES]

    def _consented(self, person: Person) -> set[str]:
        return self.realm.store.consented_scopes(
            self.realm.key, self.realm.client.client_id, person.address
        )

    # -- who is there --------------------------------------------------------------------------

    def signed_in(self, email: str, password: str) -> tuple[Person | None, str]:
        """Checks a password and remembers the person; the second value says what was wrong."""
        person = self.realm.person(email)
        if person is None or password != person.password:
            return None, "This address and this password do not go together here."
        others = [address for address in session.get("accounts", []) if address != person.address]
        session["accounts"] = [person.address, *others]
        return person, ""

    def remembered(self, address: str) -> Person | None:
        """The person, when this browser has signed in as that address before."""
        return self.realm.person(address) if address in session.get("accounts", []) else None

    def _silent_choice(self, prompts: list[str]) -> Person | None:
        if "login" in prompts or "select_account" in prompts:
            return None
        accounts, hint = session.get("accounts", []), request.args.get("login_hint", "").lower()
        if hint:
            return self.remembered(hint)
        return self.remembered(accounts[0]) if len(accounts) == 1 else None

    def _ask_who(self, problem: str) -> Response:
        accounts = [self.realm.person(address) for address in session.get("accounts", [])]
        wants_form = problem or request.form.get("action") in {"other", "sign_in"}
        if accounts and not wants_form and "login" not in request.args.get("prompt", ""):
            return self.page("choose.html", accounts=[account for account in accounts if account])
        email = request.form.get("email") or request.args.get("login_hint", "")
        return self.page("sign_in.html", email=email, problem=problem)

    def _ask_consent(self, person: Person, scope: str) -> Response:
        return self.page(
            "consent.html",
            person=person,
            wishes=self.wishes(scope),
            client=self.realm.client,
            optional=self._optional(scope) if self.realm.is_granular else [],
        )

    def wishes(self, scope: str) -> list[str]:
        """The scopes as sentences."""
        protocols = self.realm.protocols(scope)
        words = {
            "imap": "Read and organise your mail (IMAP)",
            "pop3": "Fetch your mail (POP3)",
            "smtp": "Send mail as you (SMTP)",
        }
        sentences = [words[protocol] for protocol in protocols]
        held = set(scope.split())
        if held & {"openid", "profile", "email"}:
            sentences.append("See your name and your address")
        if "offline_access" in held:
            sentences.append("Keep this access until you take it back")
        return sentences

    # -- answers -------------------------------------------------------------------------------

    def page(self, template: str, **context: object) -> Response:
        response = make_response(render_template(template, realm=self.realm, **context))
        response.headers["Cache-Control"] = "no-store"
        return response

    def refusal(self, error: str, description: str) -> Response:
        """A page of its own: the client's address is not to be trusted with this error."""
        details = self.realm.redirect_error(error, description)
        response = self.page("refused.html", details=details)
        response.status_code = 400
        return response

    def _error(self, error: OAuth2Error) -> Response:
        if not error.redirect_uri:
            return self.refusal(error.error, error.description)
        return self._back(error.error, error.description)

    def _back(self, error: str, description: str) -> Response:
        return self._send_back(self.realm.redirect_error(error, description))

    def _send_back(self, parameters: dict[str, str]) -> Response:
        if request.args.get("state"):
            parameters["state"] = request.args["state"]
        target = add_params_to_uri(request.args["redirect_uri"], list(parameters.items()))
        return self._with_issuer(redirect(target))

    def _with_issuer(self, response: Response) -> Response:
        wrong = self.realm.settings.issuer_in_redirect
        issuer = self.realm.redirect_issuer() if wrong is None else wrong
        if issuer and response.location:
            response.location = add_params_to_uri(response.location, [("iss", issuer)])
        return response
