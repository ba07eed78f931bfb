/** New messages ring; a mail's frame grows to its content; typing searches. */
import { refresh } from '/assets/live.js'

new EventSource('/events').addEventListener('message', () => void refresh())

function fit(frame) {
  const grow = () => {
    const { documentElement: page } = frame.contentDocument ?? {}
    if (!page) return
    frame.style.height = '0'
    frame.style.height = `${Math.max(120, page.scrollHeight)}px`
  }
  grow()
}
const fitAll = () => {
  for (const frame of document.querySelectorAll('iframe.letter')) {
    frame.addEventListener('load', () => fit(frame))
    if (frame.contentDocument?.readyState === 'complete') fit(frame)
  }
}
fitAll()
document.addEventListener('part-changed', fitAll)
addEventListener('resize', () => document.querySelectorAll('iframe.letter').forEach(fit))
document.querySelector('.picked')?.scrollIntoView({ block: 'nearest' })

const search = document.getElementById('q')
let soon
search.addEventListener('input', () => {
  clearTimeout(soon)
  soon = setTimeout(() => {
    const place = new URL(location.href)
    if (search.value.trim() === '') place.searchParams.delete('q')
    else place.searchParams.set('q', search.value)
    history.replaceState(null, '', place)
    void refresh()
  }, 200)
})
search.form.addEventListener('submit', (event) => event.preventDefault())
