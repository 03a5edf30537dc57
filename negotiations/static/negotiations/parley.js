/* What htmx leaves to the page: errors a person can read, focus, the dialog and a few keys. */
(function () {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const dialog = () => byId("entry-dialog");

  /* --- Nothing fails silently ------------------------------------------------------------- */

  function tell(sentence, act, label) {
    const alert = byId("alert");
    alert.textContent = sentence;
    if (act) {
      const button = document.createElement("button");
      button.className = "btn small";
      button.textContent = label;
      button.addEventListener("click", () => { alert.textContent = ""; act(); });
      alert.append(" ", button);
    }
    const open = document.querySelector("dialog[open]");
    if (open) open.prepend(alert); else byId("main").before(alert);
  }

  function again(detail) {
    const config = detail.requestConfig;
    if (!config) return () => location.reload();
    if (config.verb === "get") return () => htmx.ajax("GET", config.path, { source: detail.elt, target: detail.target });
    return () => {
      const form = detail.elt.closest("form");
      const button = config.triggeringEvent?.submitter || form.querySelector("button");
      button.focus();
      form.requestSubmit(button);
    };
  }

  document.addEventListener("htmx:sendError", (event) =>
    tell("The server could not be reached. What you typed is still here.", again(event.detail), "Try again"));
  document.addEventListener("htmx:timeout", (event) =>
    tell("The server did not answer in time. What you typed is still here; sending twice records once.", again(event.detail), "Try again"));
  document.addEventListener("htmx:responseError", (event) => {
    const xhr = event.detail.xhr;
    const login = xhr.getResponseHeader("X-Parley-Login");
    if (xhr.status === 401 && login) {
      tell("You have been signed out. Sign in again in a new tab, come back here and send once more; what you typed is still here.",
        () => window.open(login, "_blank", "noopener"), "Sign in");
    } else if (xhr.status === 401) {
      return; /* HX-Redirect takes over */
    } else if ([400, 403, 404, 413].includes(xhr.status)) {
      const text = new DOMParser().parseFromString(xhr.responseText, "text/html").body.textContent.trim();
      tell(text.slice(0, 300) || "You may not do this.");
    } else {
      tell("Something went wrong on the server. What you typed is still here.", again(event.detail), "Try again");
    }
  });
  let last = null;
  document.addEventListener("focusin", (event) => { last = event.target; });
  document.addEventListener("htmx:beforeRequest", (event) => {
    byId("alert").textContent = "";
    event.detail.elt.setAttribute("aria-busy", "true");
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    event.detail.elt.removeAttribute("aria-busy");
    /* What had the focus is gone from the page: the message about it comes next. */
    if (document.activeElement === document.body && last && !last.isConnected) byId("messages").focus();
  });

  /* Signing in again in another tab renews the token; the form still holds the old one. */
  document.addEventListener("htmx:configRequest", (event) => {
    const { verb, formData } = event.detail;
    const found = document.cookie.match(/(?:^|; )(?:__Host-)?csrftoken=([^;]+)/);
    if (found && verb !== "get") formData.set("csrfmiddlewaretoken", found[1]);
    /* A filter that is not set has no place in the address one copies. */
    if (verb === "get") for (const [name, value] of [...formData]) if (!value) formData.delete(name);
  });

  /* --- Focus and the dialog --------------------------------------------------------------- */

  document.addEventListener("htmx:afterSwap", (event) => {
    const target = event.detail.target;
    if (target.id === "entry-dialog-content" && !dialog().open) dialog().showModal();
    const errors = document.querySelector("dialog[open] .errors, .errors");
    if (errors && [409, 422].includes(event.detail.xhr.status)) errors.focus();
  });
  /* The form beside a history stays where it is: saved, it is as it was at first. */
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id !== "entry-added") return;
    const form = document.querySelector("#entry-form form");
    form.reset();
    for (const more of form.querySelectorAll("details[open]")) more.open = false;
  });
  document.addEventListener("entry-recorded", () => {
    if (dialog().open) dialog().close();
  });
  document.addEventListener("close", (event) => {
    if (event.target.id !== "entry-dialog") return;
    byId("main").before(byId("alert"));
    byId("entry-dialog-content").replaceChildren();
  }, true);
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]")) { event.preventDefault(); dialog().close(); return; }
    if (event.target.closest("[data-print]")) { window.print(); return; }
    cell(event);
  });

  /* A past cell of the state of play presets round and date of a new entry. */
  function cell(event) {
    const place = event.target.closest("td[data-round]");
    if (!place) return;
    const link = place.parentElement.querySelector("a.add");
    if (!link) return;
    const path = link.getAttribute("href");
    link.focus();
    htmx.ajax("GET", path + (path.includes("?") ? "&" : "?") + "round=" + place.dataset.round,
      { source: link, target: "#entry-dialog-content", swap: "innerHTML" });
  }

  /* --- Keys ------------------------------------------------------------------------------- */

  const KEY = "parley-shortcuts";
  const keysOn = () => localStorage.getItem(KEY) !== "off";
  /* A field of a dialog just closed keeps the focus until the page is drawn again. */
  const inField = (element) => element.checkVisibility() && element.closest("input, select, textarea, [contenteditable]");

  function step(direction) {
    const rows = [...document.querySelectorAll("[data-row]")];
    const at = rows.findIndex((row) => row.contains(document.activeElement));
    const next = rows[at + direction] || rows[direction > 0 ? 0 : rows.length - 1];
    const link = next && next.querySelector("a[href]");
    if (link) { link.focus(); link.scrollIntoView({ block: "nearest" }); }
  }

  function follow(selector) {
    const link = document.querySelector(selector);
    if (link) link.click();
  }

  function enter(selector) {
    const box = document.querySelector(selector);
    if (box) { box.focus(); box.select(); }
  }

  /* On an item's page its form; elsewhere the row one is on, or the first. */
  function add() {
    const field = document.querySelector("#main #entry-form input[type=radio]");
    const row = document.activeElement.closest("[data-row]") || document;
    const link = row.querySelector("a.add");
    if (field) field.focus();
    else if (link) { link.focus(); link.click(); }
  }

  const KEYS = {
    "?": () => byId("shortcuts").showModal(),
    "/": () => enter("[data-search]"),
    f: () => enter("[data-filter]"),
    a: add,
    j: () => step(1),
    k: () => step(-1),
    "[": () => follow("[data-previous]"),
    "]": () => follow("[data-next]"),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || inField(event.target)) return;
    if (document.querySelector("dialog[open]") || !byId("shortcuts")) return;
    const act = KEYS[event.key];
    if (!act || (!keysOn() && event.key !== "?")) return;
    event.preventDefault();
    act();
  });

  document.addEventListener("DOMContentLoaded", () => {
    const box = byId("shortcuts-on");
    if (!box) return;
    box.checked = keysOn();
    box.addEventListener("change", () => localStorage.setItem(KEY, box.checked ? "on" : "off"));
    const errors = document.querySelector(".errors");
    if (errors) errors.focus();
  });

  /* Back after signing out must not show a page kept by the browser. */
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
})();
