/* Selecting rows of the list: all of the page, a span with Shift, and how many there are. */
(function () {
  "use strict";
  const bar = document.getElementById("pick");
  if (!bar) return;
  const boxes = () => [...document.querySelectorAll("#issue-table input[name=item]")];
  let last = null;

  function tell() {
    const all = document.getElementById("pick-all"), chosen = boxes().filter((one) => one.checked).length;
    bar.querySelector("button").textContent = `Record the same on ${chosen} selected`;
    bar.hidden = !chosen;
    if (!all) return;
    all.parentElement.hidden = false;
    all.checked = chosen > 0 && chosen === boxes().length;
    all.indeterminate = chosen > 0 && !all.checked;
  }

  document.addEventListener("click", (event) => {
    const box = event.target;
    if (box.id === "pick-all") for (const one of boxes()) one.checked = box.checked;
    else if (!box.matches("#issue-table input[name=item]")) return;
    else if (event.shiftKey && last?.isConnected) {
      const [from, to] = [boxes().indexOf(last), boxes().indexOf(box)].sort((a, b) => a - b);
      for (const one of boxes().slice(from, to + 1)) one.checked = box.checked;
    }
    last = box;
    tell();
  });
  document.addEventListener("htmx:afterSettle", tell);
  document.addEventListener("DOMContentLoaded", tell);
  tell();
})();
