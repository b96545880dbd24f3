// The account form shows what its choices ask for: a password or an authorization server, what only POP3 has, and so on.
//   data-when="field"  the field has a value · data-when="field=a b"  its value is a or b
//   data-when-protocol="imap"  the incoming server speaks it; template[data-server] says what each server is

function value(form, name) {
  const field = form.elements[name];
  return field ? field.value : "";
}

function holds(form, condition) {
  const [name, values] = condition.split("=");
  return values ? values.split(" ").includes(value(form, name)) : Boolean(value(form, name));
}

function serverOf(form, name) {
  return document.querySelector(`template[data-server="${CSS.escape(value(form, name))}"]`)?.dataset ?? {};
}

/** Save is the primary button unless an Authenticate that can be seen is. */
function followPrimary(form) {
  const first = form.querySelector('[name="authenticate"].button-primary');
  form.elements.save?.classList.toggle("button-primary", !first || first.closest("[hidden]") !== null);
}

function follow(form) {
  form.querySelectorAll("[data-when]").forEach((piece) => { piece.hidden = !holds(form, piece.dataset.when); });
  const protocol = serverOf(form, "incoming_server").protocol;
  form.querySelectorAll("[data-when-protocol]").forEach((piece) => { piece.hidden = piece.dataset.whenProtocol !== protocol; });
  form.querySelectorAll("[data-authorization-name]").forEach((piece) => {
    const field = piece.dataset.authorizationName === "receive" ? "incoming_server" : "outgoing_server";
    const { authorization } = serverOf(form, field);
    if (authorization !== undefined) piece.textContent = authorization || "–";
  });
  followPrimary(form);
}

document.querySelectorAll("form[data-account-form]").forEach((form) => {
  follow(form);
  form.addEventListener("change", () => follow(form));
});
