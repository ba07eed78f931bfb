/** The same through the port: HTTP/2 cleartext, JSON and schema, with the caller on another thread. */
import type { AddressInfo } from 'node:net'
import { Worker } from 'node:worker_threads'
import type { App } from '../../src/platform/app.ts'
import { openHttp2 } from '../../src/platform/http2.ts'
import type { Charger } from '../../src/usage/nchf/batch-store.ts'
import { nchfBodyLimitBytes, registerNchfRoutes } from '../../src/usage/nchf/routes.ts'
import type { World } from '../charging/world.ts'
import type { Load, Outcome } from './load.ts'

export async function openServed({ app }: World, charger: Charger) {
  const server = openHttp2({ log: app.log, bodyLimitBytes: nchfBodyLimitBytes })
  const nchf = { host: '127.0.0.1', port: 0, url: 'http://localhost' }
  registerNchfRoutes(server, { ...app, config: { ...app.config, nchf } } as App, charger)
  await server.listen({ port: 0, host: '127.0.0.1' })
  const origin = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`
  return {
    drive: (load: Load) =>
      new Promise<Outcome>((done, failed) => {
        const workerData = { ...load, origin }
        const worker = new Worker(new URL('./client.ts', import.meta.url), { workerData })
        worker.once('message', done)
        worker.once('error', failed)
      }),
    close: () => server.close(),
  }
}
