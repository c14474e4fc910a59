// The network between a browser and the worker, which breaks when it is told to.

import net from 'node:net'
import { after } from 'node:test'

export async function startRelay(port) {
  const open = new Set()
  let isOpen = true
  const server = net.createServer((client) => {
    if (!isOpen) return client.destroy()
    const worker = net.connect(port, '127.0.0.1')
    for (const [from, to] of [[client, worker], [worker, client]]) {
      open.add(from)
      from.on('error', () => to.destroy())
      from.on('close', () => {
        open.delete(from)
        to.destroy()
      })
      from.pipe(to)
    }
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = () => {
    isOpen = false
    open.forEach((each) => each.destroy())
  }
  after(() => {
    cut()
    server.close()
  })
  return { url: `http://127.0.0.1:${server.address().port}`, cut, mend: () => (isOpen = true) }
}
