/** Starts the service worker once the page is usable, and says when a newer portal is ready. */

const askAgainMs = 3_600_000

/** `tell` is given what moves to the newer version; only the person starts it. */
export async function register(tell: (apply: () => void) => void): Promise<void> {
  const { serviceWorker } = navigator
  const registration = await serviceWorker.register('/sw.js', { updateViaCache: 'none' })
  const offer = (worker: ServiceWorker | null) => {
    // Without a controller this is the first version, not a newer one.
    if (!worker || !serviceWorker.controller) return
    tell(() => {
      serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true })
      worker.postMessage({ kind: 'take-over' })
    })
  }
  offer(registration.waiting)
  registration.addEventListener('updatefound', () => {
    const worker = registration.installing
    worker?.addEventListener('statechange', () => worker.state === 'installed' && offer(worker))
  })
  setInterval(() => void registration.update().catch(() => undefined), askAgainMs)
  const { active } = await serviceWorker.ready
  const loaded = performance.getEntriesByType('resource').map(({ name }) => name)
  active?.postMessage({ kind: 'keep', files: loaded })
}
