// Passkeys: a form with data-passkey is sent with what the browser's own dialog answers.
// "add" and "use" find the options on the page, "sign-in" asks the form's address for them.
(() => {
  "use strict";
  if (!window.PublicKeyCredential) return;

  const onPage = () => JSON.parse(document.getElementById("passkey-options").textContent);

  const fetched = async (form) => {
    const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error("no options");
    return answer.json();
  };

  const add = (form) => {
    const options = onPage().creation_options;
    const alone = form.elements.passwordless?.checked ?? false;
    const chosen = options.publicKey.authenticatorSelection;
    chosen.residentKey = alone ? "required" : "discouraged";
    chosen.requireResidentKey = alone;
    if (alone) chosen.userVerification = "required";
    return window.webauthnJSON.create(options);
  };

  const WAYS = {
    add,
    use: () => window.webauthnJSON.get(onPage().request_options),
    "sign-in": async (form) => window.webauthnJSON.get((await fetched(form)).request_options),
  };

  const send = async (event) => {
    const form = event.target;
    event.preventDefault();
    try {
      const found = await WAYS[form.dataset.passkey](form);
      form.elements.credential.value = JSON.stringify(found);
      form.submit();
    } catch {
      // Cancelled, or no passkey for this site: the browser does not say which.
      document.getElementById("alert").textContent = "No passkey was used. Try again, or take another way.";
    }
  };

  document.querySelectorAll("form[data-passkey]").forEach((form) => {
    form.querySelector("button").disabled = false;
    form.hidden = false;
    form.addEventListener("submit", send);
  });
})();
