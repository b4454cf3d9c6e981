{
  // Runs before the page is painted, and before the program has loaded.
  const root = document.documentElement;
  const saved = (key, name) => {
    try {
      const value = localStorage.getItem(key);
      if (value) root.setAttribute(name, value);
      return value;
    } catch {}
  };
  saved("teahouse.language", "lang");
  const theme = saved("teahouse.theme", "data-theme");
  if (theme == "light" || theme == "dark") {
    for (const it of ["light", "dark"]) document.getElementById("bar_" + it).media = it == theme ? "all" : "not all";
  }

  // iOS lays a touch keyboard over the page and scrolls the page under it. Here the page gets the visible height.
  const view = window.visualViewport;
  const fit = () => {
    root.style.setProperty("--height", view.height * view.scale + "px");
    if (view.scale == 1) scrollTo(0, 0);
  };
  view?.addEventListener("resize", fit);
  view?.addEventListener("scroll", fit);

  // Translators and extensions wrap or replace text nodes. Yew ends with a panic if it inserts before a node that its
  // parent has no more, so these calls look for the wrapping element.
  const { insertBefore, removeChild } = Node.prototype;
  const child = (parent, node) => {
    while (node && node.parentNode != parent) node = node.parentNode;
    return node;
  };
  Node.prototype.insertBefore = function (node, next) {
    return insertBefore.call(this, node, child(this, next) ?? null);
  };
  Node.prototype.removeChild = function (node) {
    const found = child(this, node);
    return found ? removeChild.call(this, found) : node;
  };
}
