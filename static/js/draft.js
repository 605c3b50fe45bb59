// Keeps what is typed into a form as a draft on the server. Without this file there is a button that does.
//   <form data-draft="/advice/drafts/save/" data-draft-kind="advice"> <input type="hidden" name="draft" value="12">
//   <span data-draft-said role="status"></span> </form>
// Of a reply: data-draft-kind="reply" data-draft-post="34", and no field named draft: there is one for each thread.
// The server answers {"draft": 12}, null once all is empty, or {"problem": "words"}.
(() => {
  const PAUSE = 3000;
  const start = (form) => {
    const said = form.querySelector("[data-draft-said]"), number = form.elements.draft;
    const fields = () => {
      const data = new FormData(form);
      data.set("kind", form.dataset.draftKind);
      if (form.dataset.draftPost) data.set("post", form.dataset.draftPost);
      return new URLSearchParams(data);
    };
    // What was typed, without the id that the first answer brings.
    const words = (data) => { const copy = new URLSearchParams(data); copy.delete("draft"); return copy.toString(); };
    let kept, timer, running, sent = false;
    const save = (keepalive) => {
      clearTimeout(timer);
      const data = fields(), now = words(data);
      if (sent || now === kept) return;
      if (running) { soon(); return; }
      running = fetch(form.dataset.draft, { method: "POST", body: data, keepalive }).then(async (answer) => {
        const { draft, problem } = answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : {};
        if (problem) { kept = now; said.textContent = problem; return; }
        if (!answer.ok || draft === undefined) throw new Error();
        kept = now;
        if (number) {
          number.value = draft || "";
          // So that a reload comes back to it.
          history.replaceState(history.state, "", draft ? `?draft=${draft}` : location.pathname);
        }
        said.textContent = draft ? `Saved ${new Date().toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })}` : "";
      }).catch(() => { said.textContent = "Not saved: you are offline or signed out. Copy your text before you leave."; })
        .finally(() => { running = undefined; });
    };
    const soon = () => { sent = false; clearTimeout(timer); timer = setTimeout(() => save(false), PAUSE); };
    // The picker, which runs first, has moved names about by now. What was refused nobody keeps yet.
    kept = form.querySelector("[data-problems]") ? "" : words(fields());
    for (const what of ["input", "change", "click"]) form.addEventListener(what, soon);
    document.addEventListener("visibilitychange", () => { if (document.hidden) save(true); });
    form.addEventListener("submit", (e) => {
      if (!running) { sent = true; return; }
      // It would be kept after it was published.
      e.preventDefault();
      running.finally(() => form.requestSubmit(e.submitter));
    });
  };
  document.querySelectorAll("form[data-draft]").forEach(start);
})();
