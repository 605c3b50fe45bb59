// A changed filter applies itself; without this file the button does it.
document.addEventListener("change", (e) => {
  const form = e.target.closest("form[data-filters]");
  if (form) form.requestSubmit();
});
