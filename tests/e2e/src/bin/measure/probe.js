// Runs in each document before the page's own scripts, and records times in milliseconds since the document's origin.
(() => {
  if (window.top !== window || !location.protocol.startsWith("http")) return;
  const probe = (window.probe = { ready: null, longTasks: [], shift: 0, frames: [], watched: null });
  const observe = (type, record) =>
    new PerformanceObserver((list) => list.getEntries().forEach(record)).observe({ type, buffered: true });
  observe("longtask", (entry) => probe.longTasks.push(entry.duration));
  observe("layout-shift", (entry) => (probe.shift += entry.hadRecentInput ? 0 : entry.value));

  // The page keeps its memory to itself, so the instance is taken where it is made.
  for (const name of ["instantiate", "instantiateStreaming"]) {
    const made = WebAssembly[name].bind(WebAssembly);
    WebAssembly[name] = async (...given) => {
      const result = await made(...given);
      probe.memory = (result.instance ?? result).exports.memory;
      return result;
    };
  }

  // The next frame after a change has been painted when a task that the frame's callback queued runs.
  const afterPaint = (done) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => done(performance.timeOrigin + performance.now());
    channel.port2.postMessage(null);
  });
  const field = () => document.querySelector("#send_str, #name_str");
  new MutationObserver(() => {
    if (probe.ready === null && field() && !field().disabled) {
      probe.ready = -1;
      afterPaint((at) => (probe.ready = at - performance.timeOrigin));
    }
    const { watched } = probe;
    if (watched && [...document.querySelectorAll("#char_list p")].at(-1)?.textContent.startsWith(watched)) {
      probe.watched = null;
      // The frame that shows the message begins at the callback's time.
      requestAnimationFrame((at) => probe.frames.push(performance.timeOrigin + at));
    }
  }).observe(document, { childList: true, subtree: true, characterData: true });

  probe.keys = [];
  probe.painted = [];
  addEventListener("keydown", (event) => {
    const at = performance.timeOrigin + event.timeStamp;
    probe.keys.push(at);
    afterPaint((painted) => probe.painted.push(painted - at));
  }, true);
})();
