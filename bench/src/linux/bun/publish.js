// Fan-out by Bun's own publish and subscribe, which the benchmark prints beside the floor and the server.
// The only argument is the port. It ends when its standard input does.
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.argv[2]),
  fetch(request, server) {
    return server.upgrade(request) ? undefined : new Response("");
  },
  websocket: {
    perMessageDeflate: false,
    idleTimeout: 0,
    open(socket) {
      socket.subscribe("lobby");
    },
    message(_, message) {
      server.publish("lobby", message);
    },
  },
});
process.stdin.on("end", () => process.exit(0)).resume();
