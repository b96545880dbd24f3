// The account form shows what its choices ask for: a password or an authorization server, what only POP3 has, and so on.
//   data-when="field"  the field has a value · data-when="field=a b"  its value is a or b · data-when-also: this as well
//   data-when-protocol="imap"  the incoming server speaks it; template[data-server] says what each server is

function value(form, name) {
  const field = form.elements[name];
  return field ? field.value : "";
}

function holds(form, condition) {
  const [name, values] = condition.split("=");
  return values ? values.split(" ").includes(value(form, name)) : Boolean(value(form, name));
}

/** What is known of a chosen server: from its template, or from what is typed in. */
function serverOf(form, name) {
  const chosen = value(form, name);
  if (chosen !== "typed") return document.querySelector(`template[data-server="${CSS.escape(chosen)}"]`)?.dataset ?? {};
  const direction = name === "incoming_server" ? "receive" : "send";
  const issuer = form.elements[`typed_${direction}-authorization_server`];
  return {
    protocol: value(form, `typed_${direction}-protocol`) || "smtp",
    authorization: issuer?.value ? issuer.selectedOptions[0].textContent : "",
  };
}

/** Save is the primary button unless an Authenticate that can be seen is. */
function followPrimary(form) {
  const first = form.querySelector('[name="authenticate"].button-primary');
  form.elements.save?.classList.toggle("button-primary", !first || first.closest("[hidden]") !== null);
}

/** The empty names show what will be used. */
function suggestNames(form) {
  const address = value(form, "address");
  const receive = value(form, "receive_username") || address;
  const suggestions = { authorized_as: address, receive_username: address, send_username: value(form, "authorized_as") || receive };
  Object.entries(suggestions).forEach(([name, suggestion]) => {
    if (form.elements[name]) form.elements[name].placeholder = suggestion;
  });
}

function follow(form) {
  form.querySelectorAll("[data-when]").forEach((piece) => {
    const { when, whenAlso } = piece.dataset;
    piece.hidden = !holds(form, when) || Boolean(whenAlso && !holds(form, whenAlso));
  });
  const { protocol } = serverOf(form, "incoming_server");
  form.querySelectorAll("[data-when-protocol]").forEach((piece) => { piece.hidden = piece.dataset.whenProtocol !== protocol; });
  form.querySelectorAll("[data-authorization-name]").forEach((piece) => {
    const field = piece.dataset.authorizationName === "receive" ? "incoming_server" : "outgoing_server";
    const { authorization } = serverOf(form, field);
    if (authorization !== undefined) piece.textContent = authorization || "–";
  });
  followPrimary(form);
  suggestNames(form);
}

document.querySelectorAll("form[data-account-form]").forEach((form) => {
  follow(form);
  form.addEventListener("change", () => follow(form));
});
