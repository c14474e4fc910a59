// Loaded before emulate (node --require), which as it is would not run on Node.js 18 and would serve the whole network.
const net = require('node:net')

// Node.js 18 has it, and not by this name yet.
globalThis.crypto ??= require('node:crypto').webcrypto

// emulate names no address, and Node.js then listens on all of them.
const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (port, host, ...rest) {
  return listen.call(this, port, host ?? '127.0.0.1', ...rest)
}
