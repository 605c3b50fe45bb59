// Import of files: a place to drop them, and whole folders. Without this file the plain field does it.
// Of a folder only what may be a manifest is sent with its content; of other files the name, and of what others wrote nothing.
(() => {
  const box = document.querySelector("[data-drop]");
  if (!box || !window.DataTransfer) return;
  const files = box.querySelector("#files"), folder = box.querySelector("#folder"), said = box.querySelector("[data-said]");
  const LEFT_OUT = /(^|\/)(node_modules|vendor|third_party|bower_components|site-packages|\.git|\.venv|venv|__pycache__|target|dist|build|\.next|\.tox)\//;
  const TEXT = /\.(json|jsonc|json5|toml|ya?ml|xml|lock|lockb|txt|cfg|ini|mod|sum|gradle|kts|props|csproj|fsproj|vbproj|sbt|edn|exs|gemspec|tf|hcl|config|properties|swift|podspec|nix|bicep|resolved|in|rb|pip)$|\.config\.[cm]?[jt]s$|(^|\/)[^./]+$|(^|\/)\.[^/]+$|setup\.py$/i;
  const MOST = 5000;
  const say = () => {
    const count = files.files.length + folder.files.length;
    said.textContent = count ? `${count} file${count > 1 ? "s" : ""} chosen` : "";
  };
  folder.closest("[data-folder]").hidden = false;
  folder.addEventListener("change", () => {
    const kept = [...folder.files].filter((f) => !LEFT_OUT.test("/" + f.webkitRelativePath)).slice(0, MOST);
    const data = new DataTransfer();
    for (const f of kept) {
      // A file that is made anew has no path of its own: its name bears it.
      const path = f.webkitRelativePath || f.name;
      data.items.add(new File(TEXT.test(path) && f.size < 1e7 ? [f] : [], path));
    }
    folder.files = data.files;
    say();
  });
  files.addEventListener("change", say);
  box.addEventListener("dragover", (e) => e.preventDefault());
  box.addEventListener("drop", (e) => {
    if (!e.dataTransfer.files.length) return;
    e.preventDefault();
    const data = new DataTransfer();
    for (const f of [...files.files, ...e.dataTransfer.files]) data.items.add(f);
    files.files = data.files;
    say();
  });
})();
