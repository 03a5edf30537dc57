/* A file that takes a while: say so until it is there. Without scripts the links are plain downloads. */
(function () {
  "use strict";
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-file]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const bar = link.parentElement, making = document.getElementById("making");
    if (bar.hasAttribute("aria-busy")) return;
    bar.setAttribute("aria-busy", "true");
    making.textContent = "Making the " + link.textContent + " file…";
    try {
      const answer = await fetch(link.href);
      if (!answer.ok || answer.redirected) throw new Error();
      const name = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition"))[1];
      const file = document.createElement("a");
      file.href = URL.createObjectURL(await answer.blob());
      file.download = name;
      file.click();
      setTimeout(() => URL.revokeObjectURL(file.href), 60000);
      making.textContent = name + " is ready.";
    } catch {
      location.href = link.href; /* the answer itself says what is wrong */
    } finally {
      bar.removeAttribute("aria-busy");
    }
  });
})();
