// Runs in every document before the page's own scripts. The entries are kept in sessionStorage, so that
// they survive a reload. The script only listens: WebSocket is replaced by a subclass with listeners.
(() => {
  if (window.top !== window || !location.protocol.startsWith("http")) return;
  const record = (entry) => {
    const all = JSON.parse(sessionStorage.getItem("e2e") ?? "[]");
    all.push(entry);
    sessionStorage.setItem("e2e", JSON.stringify(all));
  };
  const recordError = (text) => record({ kind: "error", text });

  addEventListener("securitypolicyviolation", (event) => {
    const { violatedDirective, blockedURI, sourceFile, lineNumber, sample } = event;
    recordError(`securitypolicyviolation: ${violatedDirective} blocked ${blockedURI} (${sourceFile}:${lineNumber}) ${sample}`);
  }, true);
  addEventListener("error", (event) => {
    const what = event.target === window ? event.message : event.target?.outerHTML;
    recordError(`error: ${what} (${event.filename}:${event.lineno})`);
  }, true);
  addEventListener("unhandledrejection", (event) => recordError(`unhandledrejection: ${event.reason}`));
  const { error } = console;
  console.error = (...words) => {
    recordError(`console.error: ${words.join(" ")}`);
    error.apply(console, words);
  };

  let sockets = 0;
  window.WebSocket = class WebSocket extends window.WebSocket {
    constructor(...given) {
      super(...given);
      // Skip the sockets of a development server.
      if (!new URL(this.url).pathname.endsWith("/conn_ws")) return;
      const id = ++sockets;
      window.e2eSocket = this;
      record({ kind: "socket", id, event: "new", url: this.url });
      this.addEventListener("open", () => record({ kind: "socket", id, event: "open" }));
      this.addEventListener("close", ({ code, reason, wasClean }) => {
        record({ kind: "socket", id, event: "close", code, reason, wasClean });
      });
    }
  };

  // Each change of the shown readyState, with the newest socket's own at that moment.
  let last = null;
  const check = () => {
    const state = document.getElementById("ready_state")?.dataset.state ?? null;
    if (state === null || state === last) return;
    last = state;
    record({ kind: "ready_state", shown: Number(state), actual: window.e2eSocket?.readyState ?? 3 });
  };
  new MutationObserver(check).observe(document, {
    subtree: true, childList: true, attributes: true, attributeFilter: ["data-state"],
  });
})();
