/* The sheet: one key for each choice, rows that save themselves, a connection that may go.
   Without this file it is a plain form. Nothing is kept in the browser but in the open page. */
(function () {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const form = byId("sheet-form");
  const pick = byId("sheet-pick");
  if (!form || !pick) return;

  const CELLS = ["who", "status", "text", "waits", "time"];
  const SOON = 1500, PATIENCE = 10000, LONGEST_PAUSE = 15000, LOOK_AGAIN = 30000;
  const lines = () => [...form.querySelectorAll("tr[data-line]")];
  const lineOf = (element) => element.closest("tr[data-line]");
  const line = (uuid) => byId("sheet-line-" + uuid);
  const cell = (row, name) => row.querySelector(`[data-cell="${name}"]`);
  const field = (row, name) => form.elements[row.dataset.line + "-" + name];
  const isEmpty = (row) => CELLS.slice(0, 4).every((name) => !cell(row, name).value);
  const linesOf = (number) => lines().filter((row) => row.dataset.number === number);

  /* crypto.randomUUID exists under https only; a small office serves http. */
  function newUuid() {
    const b = crypto.getRandomValues(new Uint8Array(16));
    b[6] = (b[6] & 15) | 64; b[8] = (b[8] & 63) | 128;
    const hex = [...b].map((one) => one.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }
  form.elements.page.value = newUuid();

  const reveal = (within) => within.querySelectorAll(".script-only").forEach((part) => { part.hidden = false; });
  function button(text, attribute) {
    const made = Object.assign(document.createElement("button"), { type: "button", className: "btn small", textContent: text });
    made.setAttribute(attribute, "");
    return made;
  }

  /* --- What is not saved yet ---------------------------------------------------------------- */

  const dirty = new Map();     /* row -> how often it changed: an answer may be older than the row */
  const held = new Set();      /* rows that somebody else changed first, or that were refused */
  const removed = new Map();   /* row -> what it said, as long as the page is open */
  let topChanges = 0, topHeld = "", sending = false, stopped = "", closed = false, pause = 0, timer = 0, leaving = false;
  const unsaved = () => dirty.size + held.size;

  function changed(row) {
    const uuid = row.dataset.line, time = cell(row, "time");
    if (!row.hasAttribute("data-kept") && !isEmpty(row) && !time.value && isToday()) time.value = new Date().toTimeString().slice(0, 5);
    dirty.set(uuid, (dirty.get(uuid) || 0) + 1);
    held.delete(uuid);
    tell();
  }
  function isToday() {
    const now = new Date(), two = (n) => String(n).padStart(2, "0");
    const iso = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
    return [form.dataset.today, iso].includes(form.elements.said.value.trim());
  }
  function tell() {
    const n = unsaved(), rows = n === 1 ? "1 row" : n + " rows";
    let text = n || topChanges ? `${n ? rows : "Date, source or audience"} not yet saved` : "All saved";
    if (topHeld) text = topHeld;
    if (held.size) text += ": decide on the rows with a message beside them";
    if (stopped) text += ". " + stopped;
    else if (pause) text += ". No connection; trying again by itself";
    const place = byId("sheet-unsaved");
    if (place.textContent !== text) place.textContent = text;
    const count = elsewhere + lines().filter((row) => row.hasAttribute("data-kept") && !isEmpty(row)).length;
    byId("sheet-release").textContent = `Release ${count === 1 ? "1 row" : count + " rows"}`;
  }
  /* Rows of items on another page of a long agenda. */
  const elsewhere = Number(byId("sheet-table").dataset.count) - lines().filter((row) => row.hasAttribute("data-kept")).length;

  function soon(wait) { clearTimeout(timer); timer = setTimeout(send, wait); }

  /* Signing in again in another tab renews it. */
  function renewToken() {
    const cookie = document.cookie.match(/(?:^|; )(?:__Host-)?csrftoken=([^;]+)/), input = form.elements.csrfmiddlewaretoken;
    if (cookie) input.value = cookie[1];
    return input.value;
  }
  function message() {
    const body = new URLSearchParams({ page: form.elements.page.value, version: form.elements.version.value });
    body.set("csrfmiddlewaretoken", renewToken());
    /* With the first row too: what "today" means is kept as it was then. */
    if (topChanges || body.get("version") === "0") for (const one of byId("sheet-top").querySelectorAll("input, select")) {
      if (one.name && (one.type !== "checkbox" || one.checked)) body.set(one.name, one.value);
    }
    for (const uuid of dirty.keys()) {
      body.append("row", uuid);
      for (const name of ["item", "version", ...CELLS]) body.set(`${uuid}-${name}`, field(line(uuid), name).value);
    }
    return body;
  }

  /* Sends all that is unsaved at once. The same row sent twice is one row. */
  async function send() {
    if (sending || stopped || !(dirty.size || topChanges)) return;
    sending = true;
    clearTimeout(timer);
    const sent = new Map(dirty), top = topChanges;
    try {
      const answer = await fetch(form.action, {
        method: "POST", body: message(), signal: AbortSignal.timeout(PATIENCE),
        headers: { "HX-Request": "true", "HX-Target": "sheet-answer", "HX-Current-URL": location.href },
      });
      if (answer.status >= 500) throw new Error("try again");
      pause = 0;
      if ([200, 409, 422].includes(answer.status)) take(await answer.text(), sent, top);
      else if (answer.status === 401) signedOut(answer.headers.get("X-Parley-Login"));
      else refused(answer.status);
    } catch {
      pause = Math.min(pause ? pause * 2 : 1000, LONGEST_PAUSE);
    }
    sending = false;
    tell();
    if (dirty.size || topChanges) soon(pause || 300);
  }

  function take(text, sent, top) {
    const answer = new DOMParser().parseFromString(text, "text/html").getElementById("sheet-answer");
    form.elements.version.value = answer.dataset.version;
    stopped = answer.dataset.closed || "";
    closed = Boolean(stopped);
    if (topChanges === top) { topChanges = 0; topHeld = answer.dataset.top || topHeld; }
    for (const state of answer.querySelectorAll(".state")) {
      const uuid = state.id.replace("sheet-state-", ""), row = line(uuid);
      if (!row) continue;
      byId(state.id).replaceWith(state);
      reveal(state);
      field(row, "version").value = state.dataset.version;
      if (state.dataset.state === "saved") row.toggleAttribute("data-kept", !isEmpty(row)); else held.add(uuid);
      if (removed.has(uuid) && isEmpty(row)) state.replaceChildren(button("Put back", "data-restore"));
      if (dirty.get(uuid) === sent.get(uuid)) dirty.delete(uuid);
    }
  }

  function signedOut(login) {
    stopped = "You have been signed out";
    const link = Object.assign(document.createElement("a"), { href: login, target: "_blank", rel: "noopener", textContent: "Sign in in a new tab" });
    byId("alert").replaceChildren("You have been signed out. What is not saved is still here. ", link, ", then come back.");
  }
  function refused(status) {
    stopped = `The server does not accept them (${status})`;
    byId("alert").textContent = "The server does not accept your rows: you were signed out, or may no longer write here. What is not saved is still on this page.";
  }
  /* Back from signing in, or from a laptop that was closed. */
  function awake() {
    if (stopped && !closed) { stopped = ""; byId("alert").textContent = ""; }
    pause = 0;
    if (dirty.size || topChanges) send(); else refresh();
  }
  window.addEventListener("online", awake);
  window.addEventListener("focus", awake);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) awake(); });
  window.addEventListener("beforeunload", (event) => {
    if (!leaving && (unsaved() || topChanges)) event.preventDefault();
  });

  /* --- A second device, and the head -------------------------------------------------------- */

  const isBusy = (row) => dirty.has(row.dataset.line) || held.has(row.dataset.line) || row.contains(document.activeElement);
  const signature = (rows) => rows.filter((row) => row.hasAttribute("data-kept")).map((row) => row.dataset.line + ":" + row.querySelector("[name$='-version']").value).join();

  async function refresh() {
    if (document.hidden || sending || stopped || dirty.size || topChanges) return;
    let fresh;
    try {
      const address = new URL(location.href);
      address.searchParams.set("seen", form.dataset.stamp);
      const answer = await fetch(address, { headers: { "HX-Request": "true", "HX-Target": "sheet-form" } });
      if (answer.status !== 200) return;
      fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("sheet-form");
    } catch { return; }
    if (!fresh || topChanges) return;
    form.dataset.stamp = fresh.dataset.stamp;
    const version = fresh.querySelector("[name=version]").value, top = byId("sheet-top");
    if (version !== form.elements.version.value && !top.contains(document.activeElement)) {
      top.replaceWith(fresh.querySelector("#sheet-top"));
      topHeld = "";
      form.elements.version.value = version;
    }
    const theirs = [...fresh.querySelectorAll("tr[data-line]")];
    for (const number of numbers()) {
      const ours = linesOf(number), rows = theirs.filter((row) => row.dataset.number === number);
      if (!rows.length || ours.some(isBusy) || signature(ours) === signature(rows)) continue;
      ours[0].before(...rows);
      rows.forEach(reveal);
      for (const row of ours) row.remove();
    }
    tidy();
    tell();
  }
  setInterval(refresh, LOOK_AGAIN);

  /* --- Which item --------------------------------------------------------------------------- */

  let at = "";
  const numbers = () => [...new Set(lines().map((row) => row.dataset.number))];

  /* A number means the item with it; letters any part of reference and title. */
  function fitting() {
    const typed = pick.value.trim().toLowerCase();
    const found = numbers().filter((number) => {
      const { label, title } = linesOf(number)[0].dataset;
      return /^\d+$/.test(typed) ? number.startsWith(typed) : `${label} ${title}`.toLowerCase().includes(typed);
    });
    return found.sort((a, b) => (b === typed) - (a === typed));
  }
  /* Blank lines beside rows show only while they are typed in. */
  function tidy() {
    const found = new Set(fitting());
    for (const number of numbers()) {
      const rows = linesOf(number);
      rows.forEach((row) => {
        const spare = rows.length > 1 && isEmpty(row) && !isBusy(row) && !removed.has(row.dataset.line);
        row.hidden = !found.has(number) || spare;
        row.classList.toggle("at", number === at);
      });
      if (rows.every((row) => row.hidden) && found.has(number)) rows[0].hidden = false;
    }
    for (const heading of form.querySelectorAll("tr.grp")) heading.hidden = Boolean(pick.value.trim());
  }
  function show(number) {
    at = number || "";
    tidy();
    const row = at && linesOf(at)[0];
    byId("sheet-at").textContent = row ? `${row.dataset.label} ${row.dataset.title}` : "No item fits";
    if (row && pick.value) row.scrollIntoView({ block: "nearest" });
  }
  function step(by) {
    const found = fitting().sort((a, b) => numbers().indexOf(a) - numbers().indexOf(b));
    show(found[Math.min(Math.max(found.indexOf(at) + by, 0), found.length - 1)]);
    linesOf(at)[0]?.scrollIntoView({ block: "nearest" });
  }
  function enter(number) {
    const blank = linesOf(number).find((row) => isEmpty(row) && !removed.has(row.dataset.line)) || another(number);
    pick.value = "";
    show(number);
    blank.hidden = false;
    blank.scrollIntoView({ block: "nearest" });
    cell(blank, "who").focus();
  }
  /* One more line of an item: the same again, under a name of its own and empty. */
  function another(number) {
    const last = linesOf(number).at(-1), made = document.createElement("template");
    made.innerHTML = last.outerHTML.replaceAll(last.dataset.line, newUuid());
    const row = made.content.firstElementChild;
    row.removeAttribute("data-kept");
    row.classList.add("child");
    row.querySelector("th").replaceChildren(Object.assign(document.createElement("span"), { className: "claim", textContent: `${row.dataset.label} ${row.dataset.title}` }));
    row.querySelector(".state").replaceChildren();
    last.after(row);
    for (const name of CELLS) cell(row, name).value = "";
    field(row, "version").value = "0";
    return row;
  }

  pick.addEventListener("input", () => show(fitting()[0]));
  pick.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) { event.preventDefault(); step(by); }
    if (event.key === "Escape") { pick.value = ""; show(at); }
    if (event.key !== "Enter") return;
    event.preventDefault();
    /* A number that is not here may be on another page of a long agenda. */
    if (at) enter(at);
    else if (byId("pager")?.children.length && /^\d+$/.test(pick.value.trim())) location.search = `?find=${pick.value.trim()}`;
  });

  /* --- A row -------------------------------------------------------------------------------- */

  function done(row) {
    if (!isEmpty(row)) {
      if (dirty.has(row.dataset.line)) send();
      const all = numbers();
      at = all[Math.min(all.indexOf(row.dataset.number) + 1, all.length - 1)];
    }
    pick.focus();
    show(at);
  }

  /* What was typed since the list got the focus, compared with the keys of its options. */
  let typed = "";
  function choose(list, key) {
    const within = (word) => [...list.options].filter((one) => one.dataset.keys.split("|").some((keys) => keys.startsWith(word)));
    typed = within(typed + key).length ? typed + key : key;
    const found = within(typed);
    if (!found.length) { typed = ""; return false; }
    const exact = found.find((one) => one.dataset.keys.split("|").includes(typed));
    list.value = (exact || found[0]).value;
    list.dispatchEvent(new Event("input", { bubbles: true }));
    if (found.length === 1) cell(lineOf(list), CELLS[CELLS.indexOf(list.dataset.cell) + 1]).focus();
    return true;
  }

  form.addEventListener("keydown", (event) => {
    const row = lineOf(event.target);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" && event.target.matches("input, select") && event.target !== pick) {
      event.preventDefault();
      if (row) done(row); else pick.focus();
    } else if (row && event.key === "Escape") {
      pick.focus();
    } else if (row && event.target.tagName === "SELECT" && event.key.length === 1) {
      if (choose(event.target, event.key.toLowerCase())) event.preventDefault();
    }
  });
  form.addEventListener("input", (event) => {
    const row = lineOf(event.target);
    if (row) changed(row); else if (event.target !== pick) { topChanges += 1; topHeld = ""; tell(); }
    if (event.target !== pick) soon(SOON);
  });
  form.addEventListener("focusin", (event) => {
    typed = "";
    const row = lineOf(event.target);
    if (row && row.dataset.number !== at) show(row.dataset.number);
  });
  form.addEventListener("focusout", (event) => {
    const row = lineOf(event.target);
    if (row && dirty.has(row.dataset.line) && lineOf(event.relatedTarget || form) !== row) send();
  });

  form.addEventListener("click", (event) => {
    if (lineOf(event.target)) show(lineOf(event.target).dataset.number);
    const state = event.target.closest(".state"), row = state && lineOf(state);
    if (!row || !event.target.matches("button")) return;
    const uuid = row.dataset.line, now = Object.fromEntries(CELLS.map((name) => [name, cell(row, name).value]));
    const kinds = { theirs: state.dataset, remove: {}, restore: removed.get(uuid), mine: now };
    const kind = Object.keys(kinds).find((name) => event.target.hasAttribute("data-" + name));
    for (const name of CELLS) cell(row, name).value = kinds[kind][name] || "";
    removed.delete(uuid);
    if (kind === "remove") removed.set(uuid, now);
    changed(row);
    (kind === "remove" ? pick : cell(row, "text")).focus();
    send();
  });

  /* The server has the rows: with all of them saved the button alone is sent. */
  function leave() {
    leaving = true;
    renewToken();
    for (const row of lines()) for (const one of row.querySelectorAll("input, select")) one.disabled = true;
  }
  form.addEventListener("submit", async (event) => {
    if (!sending && !unsaved() && !topChanges && !topHeld) return leave();
    event.preventDefault();
    do {
      await send();
      while (sending) await new Promise((go) => setTimeout(go, 50));
    } while ((dirty.size || topChanges) && !pause && !stopped);
    if (!unsaved() && !topChanges && !topHeld) return form.requestSubmit(event.submitter);
    byId("alert").textContent = `Nothing was released: ${byId("sheet-unsaved").textContent}.`;
    if (held.size) cell(line([...held][0]), "who").focus();
  });

  reveal(form);
  byId("sheet-save").hidden = true;
  form.classList.add("folds");
  at = numbers()[0] || "";
  show(at);
  tell();
  if (!document.querySelector(".errors")) pick.focus();
})();
