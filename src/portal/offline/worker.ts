/** The service worker: keeps the portal's own files, so that it opens without a network. Answers of the API never
 * pass through it, and nothing that is sent waits in it. */
import { isPortalPage } from './paths.ts'

/** Filled in by the build: a digest of the files, and those that home needs. */
declare const KEPT: { version: string; files: string[] }

type Waiting = { waitUntil(work: Promise<unknown>): void }
type Fetching = { request: Request; respondWith(answer: Promise<Response>): void }
type Told = Waiting & { data: unknown }

/** The part of a worker's global scope that is used; the pages' own types know only a window. */
const worker = self as unknown as {
  location: Location
  clients: { claim(): Promise<void> }
  skipWaiting(): Promise<void>
  addEventListener(type: 'install' | 'activate', hear: (event: Waiting) => void): void
  addEventListener(type: 'fetch', hear: (event: Fetching) => void): void
  addEventListener(type: 'message', hear: (event: Told) => void): void
}

const prefix = 'violet-files-'
const cacheName = prefix + KEPT.version
const shell = '/'
const pagePatienceMs = 4_000

worker.addEventListener('install', (event) => event.waitUntil(keepFiles()))
worker.addEventListener('activate', (event) => event.waitUntil(takeOver()))

worker.addEventListener('message', (event) => {
  const { kind, files } = event.data as { kind?: string; files?: string[] }
  if (kind === 'take-over') event.waitUntil(worker.skipWaiting())
  if (kind === 'keep') event.waitUntil(keepAlso(files ?? []))
})

worker.addEventListener('fetch', (event) => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  if (request.method !== 'GET' || origin !== worker.location.origin) return
  if (request.mode === 'navigate' && isPortalPage(pathname)) event.respondWith(openPage(request))
  else if (isFile(pathname)) event.respondWith(openFile(request))
})

/** Files of a build have their digest in their name: one that is kept is right for ever. */
function isFile(pathname: string): boolean {
  return pathname.startsWith('/assets/') || pathname.startsWith('/icons/')
}

async function keepFiles() {
  const cache = await caches.open(cacheName)
  await Promise.all([
    // The page itself has a nonce of its own, which goes with the policy it was sent with.
    keep(cache, new Request(shell, { cache: 'no-cache', headers: { accept: 'text/html' } })),
    ...KEPT.files.map((file) => keep(cache, new Request(file))),
  ])
}

async function keep(cache: Cache, request: Request) {
  const before = isFile(new URL(request.url).pathname) ? await caches.match(request) : undefined
  const response = before ?? (await fetch(request))
  if (!response.ok) throw new Error(`${request.url} answered ${response.status}`)
  await cache.put(request.url, response)
}

/** What the page had loaded before there was a worker to see it. */
async function keepAlso(files: string[]) {
  const cache = await caches.open(cacheName)
  for (const file of files.filter((one) => isFile(new URL(one, worker.location.origin).pathname))) {
    const known = await cache.match(file)
    if (!known) await keep(cache, new Request(file)).catch(() => undefined)
  }
}

async function takeOver() {
  const names = await caches.keys()
  const old = names.filter((name) => name.startsWith(prefix) && name !== cacheName)
  await Promise.all(old.map((name) => caches.delete(name)))
  await worker.clients.claim()
}

/** The server's page where it answers soon, else the kept one. */
async function openPage(request: Request): Promise<Response> {
  const known = await caches.match(shell, { cacheName })
  if (!known) return fetch(request)
  const late = new Promise<Response>((resolve) => setTimeout(() => resolve(known), pagePatienceMs))
  return Promise.race([fetch(request).catch(() => known), late])
}

async function openFile(request: Request): Promise<Response> {
  const cache = await caches.open(cacheName)
  const known = await cache.match(request.url)
  if (known) return known
  const response = await fetch(request)
  if (response.ok) await cache.put(request.url, response.clone())
  return response
}
