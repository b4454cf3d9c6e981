// Runs in every document before anything of the page's own. What it notes is
// kept in sessionStorage, so that it outlives a reload. It only listens: the
// one thing that it replaces, WebSocket, is the browser's own with a listener.
(() => {
  if (window.top !== window || !location.protocol.startsWith("http")) return;
  const note = (entry) => {
    const all = JSON.parse(sessionStorage.getItem("e2e") ?? "[]");
    all.push(entry);
    sessionStorage.setItem("e2e", JSON.stringify(all));
  };
  const fault = (text) => note({ kind: "fault", text });

  addEventListener("securitypolicyviolation", (event) => {
    const { violatedDirective, blockedURI, sourceFile, lineNumber, sample } = event;
    fault(`securitypolicyviolation: ${violatedDirective} blocked ${blockedURI} (${sourceFile}:${lineNumber}) ${sample}`);
  }, true);
  addEventListener("error", (event) => {
    const what = event.target === window ? event.message : event.target?.outerHTML;
    fault(`error: ${what} (${event.filename}:${event.lineno})`);
  }, true);
  addEventListener("unhandledrejection", (event) => fault(`unhandledrejection: ${event.reason}`));
  const { error } = console;
  console.error = (...words) => {
    fault(`console.error: ${words.join(" ")}`);
    error.apply(console, words);
  };

  let sockets = 0;
  window.WebSocket = class WebSocket extends window.WebSocket {
    constructor(...given) {
      super(...given);
      // Not those of a development server.
      if (!new URL(this.url).pathname.endsWith("/conn_ws")) return;
      const id = ++sockets;
      window.e2eSocket = this;
      note({ kind: "socket", id, event: "new", url: this.url });
      this.addEventListener("open", () => note({ kind: "socket", id, event: "open" }));
      this.addEventListener("close", ({ code, reason, wasClean }) => {
        note({ kind: "socket", id, event: "close", code, reason, wasClean });
      });
    }
  };

  // The readyState that the page shows, each time that it shows another, and
  // the real one at that moment.
  let shown = null;
  const look = () => {
    const state = document.getElementById("ready_state")?.dataset.state ?? null;
    if (state === null || state === shown) return;
    shown = state;
    note({ kind: "shown", state: Number(state), real: window.e2eSocket?.readyState ?? 3 });
  };
  new MutationObserver(look).observe(document, {
    subtree: true, childList: true, attributes: true, attributeFilter: ["data-state"],
  });
})();
