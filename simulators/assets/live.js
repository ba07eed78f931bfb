/** Keeps a page fresh and its forms quiet: parts are fetched again, JSON forms sent, codes copied, times made local. */

const lang = document.documentElement.lang
const parts = () => [...document.querySelectorAll('[data-part]')]
const seen = new Map(parts().map((part) => [part.dataset.part, part.innerHTML]))

function localTimes(root) {
  const today = new Date().toDateString()
  for (const time of root.querySelectorAll('time[datetime]')) {
    const at = new Date(time.dateTime)
    const sameDay = at.toDateString() === today
    const style = sameDay ? {} : { month: 'short', day: 'numeric' }
    const format = { ...style, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }
    if (time.hasAttribute('data-seconds')) format.second = '2-digit'
    time.textContent = new Intl.DateTimeFormat(lang, format).format(at)
    time.title = at.toLocaleString(lang)
  }
}

/** Puts the new content in, keeping open what was open and focused what was focused. */
function replace(part, text) {
  const open = new Set([...part.querySelectorAll('details[open][id]')].map((one) => one.id))
  const known = new Set([...part.querySelectorAll('details[id]')].map((one) => one.id))
  const focused = part.contains(document.activeElement) ? document.activeElement.id : ''
  part.innerHTML = text
  for (const one of part.querySelectorAll('details[id]')) {
    if (known.has(one.id)) one.open = open.has(one.id)
  }
  if (focused) document.getElementById(focused)?.focus()
  localTimes(part)
  part.dispatchEvent(new CustomEvent('part-changed', { bubbles: true }))
}

let asking
export async function refresh() {
  asking?.abort()
  const asked = new AbortController()
  asking = asked
  try {
    const response = await fetch(location.href, { signal: asked.signal })
    if (!response.ok) return
    const fresh = new DOMParser().parseFromString(await response.text(), 'text/html')
    for (const part of parts()) {
      const name = part.dataset.part
      const found = fresh.querySelector(`[data-part="${CSS.escape(name)}"]`)
      if (!found || found.innerHTML === seen.get(name)) continue
      seen.set(name, found.innerHTML)
      replace(part, found.innerHTML)
    }
  } catch {
    // The simulator is away or this answer is no longer wanted; the next round asks again.
  }
}

export function toast(text) {
  const box = document.createElement('div')
  box.className = 'toast'
  box.textContent = text
  const toasts = document.getElementById('toasts')
  toasts.replaceChildren(box)
  setTimeout(() => box.remove(), 4000)
}

function bodyOf(form) {
  const body = {}
  for (const input of form.querySelectorAll('input[name], select[name], textarea[name]')) {
    if (input.type === 'checkbox') body[input.name] = input.checked
    else if (input.type === 'number' || input.dataset.type === 'number') {
      body[input.name] = Number(input.value || 0)
    } else if (input.value !== '') body[input.name] = input.value
  }
  return body
}

async function sendJson(form, submitter) {
  const result = form.querySelector('[data-result]')
  const button = submitter ?? form.querySelector('button')
  if (button?.getAttribute('aria-busy') === 'true') return
  button?.setAttribute('aria-busy', 'true')
  if (result) result.textContent = ''
  const often = setInterval(refresh, 400)
  const method = submitter?.dataset.method ?? form.dataset.json
  const body =
    method === 'DELETE'
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(bodyOf(form)) }
  try {
    const response = await fetch(form.action, { method, ...body })
    const answer = await response.json().catch(() => ({}))
    if (!response.ok) throw new Error(answer.sentence ?? answer.detail ?? form.dataset.failed)
    const done = submitter?.dataset.done ?? form.dataset.done
    if (done) toast(done)
    if (form.hasAttribute('data-clear') || method === 'DELETE') form.reset()
    if (method === 'DELETE') location.reload()
  } catch (error) {
    const offline = error instanceof TypeError
    const text = offline ? form.dataset.failed : error.message
    if (result) result.textContent = text
    else if (offline || !form.hasAttribute('data-quiet')) toast(text)
  } finally {
    clearInterval(often)
    button?.removeAttribute('aria-busy')
    await refresh()
  }
}

document.addEventListener('submit', (event) => {
  const form = event.target
  if (form.dataset.json) {
    event.preventDefault()
    void sendJson(form, event.submitter)
    return
  }
  // Sent the ordinary way: a second click while the answer is awaited does nothing.
  if (form.dataset.sent) event.preventDefault()
  form.dataset.sent = 'yes'
  event.submitter?.setAttribute('aria-busy', 'true')
})
addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('form[data-sent]')) {
    delete form.dataset.sent
    form.querySelector('[aria-busy]')?.removeAttribute('aria-busy')
  }
})

document.addEventListener('change', (event) => {
  const form = event.target.closest?.('form[data-on-change]')
  if (form) form.requestSubmit()
})

document.addEventListener('click', async (event) => {
  const button = event.target.closest?.('[data-copy]')
  if (!button) return
  event.preventDefault()
  await copy(button.dataset.copy)
  toast(button.dataset.copied)
})

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text)
  } catch {
    // No clipboard without a secure context: the old way still works everywhere.
    const area = document.createElement('textarea')
    area.value = text
    document.body.append(area)
    area.select()
    document.execCommand('copy')
    area.remove()
  }
}

localTimes(document)
const every = Number(document.body.dataset.refresh)
if (every > 0) {
  setInterval(() => {
    if (!document.hidden) void refresh()
  }, every)
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) void refresh()
  })
}
