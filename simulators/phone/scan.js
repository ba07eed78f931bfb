/** Reads an activation code out of a picture that is chosen, dropped or pasted, or out of what the camera sees, and installs it. */

const longestPx = 2400 // of a photograph; more finds no more
const shortestPx = 600 // of a drawing, which may have any size

let decoder

/** The text of the QR code in what can be drawn, or undefined. */
async function textIn(drawn, width, height, timeLimit) {
  decoder ??= import('/assets/qr/decode.js')
  const { decodeQR } = await decoder.catch((error) => {
    decoder = undefined
    throw error
  })
  const size = Math.max(width, height)
  const scale = Math.min(longestPx, Math.max(shortestPx, size)) / size
  const canvas = document.createElement('canvas')
  canvas.width = Math.round(width * scale)
  canvas.height = Math.round(height * scale)
  const pen = canvas.getContext('2d', { willReadFrequently: true })
  // What is transparent in a picture is paper.
  pen.fillStyle = '#fff'
  pen.fillRect(0, 0, canvas.width, canvas.height)
  pen.imageSmoothingEnabled = scale < 1
  pen.drawImage(drawn, 0, 0, canvas.width, canvas.height)
  try {
    return decodeQR(pen.getImageData(0, 0, canvas.width, canvas.height), { timeLimit })
  } catch {
    return undefined
  }
}

const saysOf = (form) => form.querySelector('[data-scan] .err')

function say(form, why) {
  const says = saysOf(form)
  says.textContent = why === undefined ? '' : says.dataset[why]
}

function install(form, text) {
  form.elements.activationCode.value = text
  form.requestSubmit(form.querySelector('button:not([type])'))
}

async function opened(url) {
  const image = new Image()
  image.src = url
  await image.decode()
  return image
}

async function scan(form, url) {
  say(form)
  const image = await opened(url).catch(() => undefined)
  if (!image?.naturalWidth) return say(form, 'noPicture')
  try {
    const text = await textIn(image, image.naturalWidth, image.naturalHeight, 1000)
    if (text === undefined) say(form, 'noCode')
    else install(form, text)
  } catch {
    say(form, 'failed')
  }
}

function scanFile(form, file) {
  if (!file.type.startsWith('image/')) return say(form, 'noPicture')
  const reader = new FileReader()
  reader.addEventListener('load', () => void scan(form, reader.result))
  reader.addEventListener('error', () => say(form, 'noPicture'))
  reader.readAsDataURL(file)
}

for (const input of document.querySelectorAll('[data-scan] input[type=file]')) {
  input.addEventListener('change', () => {
    if (input.files[0]) scanFile(input.form, input.files[0])
    // The same picture may be chosen again.
    input.value = ''
  })
}
document.addEventListener('submit', (event) => {
  if (event.target.matches('form.add')) say(event.target)
})

/** Of several phones the one that is pointed at, else the one that was picked. */
function formAt(event) {
  const phone =
    event.target.closest?.('.phone') ??
    document.querySelector('.phone:hover') ??
    document.querySelector('.phone.shown')
  return phone.querySelector('form.add')
}

const carriesPicture = ({ types }) => types.includes('Files') || types.includes('text/uri-list')

document.addEventListener('dragover', (event) => {
  if (carriesPicture(event.dataTransfer)) event.preventDefault()
})
document.addEventListener('drop', (event) => {
  if (!carriesPicture(event.dataTransfer)) return
  event.preventDefault()
  const [file] = event.dataTransfer.files
  // A picture dragged out of another page may come as its address alone.
  const url = event.dataTransfer.getData('text/uri-list')
  if (file) scanFile(formAt(event), file)
  else if (url.startsWith('data:image/')) void scan(formAt(event), url)
  else say(formAt(event), 'noPicture')
})
document.addEventListener('paste', (event) => {
  const [file] = event.clipboardData.files
  if (!file) return
  event.preventDefault()
  scanFile(formAt(event), file)
})

const looking = new WeakSet()

/** Looks until a code is seen or the camera is stopped. */
async function look(form) {
  if (looking.has(form)) return
  looking.add(form)
  say(form)
  const finder = form.querySelector('.finder')
  const video = finder.querySelector('video')
  let stream
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } })
    video.srcObject = stream
    finder.hidden = false
    await video.play()
    while (video.srcObject === stream && stream.active) {
      const text = await textIn(video, video.videoWidth, video.videoHeight, 100)
      if (text !== undefined && video.srcObject === stream) return install(form, text)
      await new Promise((done) => setTimeout(done, 100))
    }
  } catch {
    say(form, 'noCamera')
  } finally {
    for (const track of stream?.getTracks() ?? []) track.stop()
    video.srcObject = null
    finder.hidden = true
    looking.delete(form)
  }
}

document.addEventListener('click', (event) => {
  const button = event.target.closest?.('[data-camera]')
  if (!button) return
  if (button.dataset.camera === 'open') void look(button.form)
  else button.form.querySelector('video').srcObject = null
})

async function showCameras() {
  const devices = (await navigator.mediaDevices?.enumerateDevices?.()) ?? []
  const none = !devices.some(({ kind }) => kind === 'videoinput')
  for (const button of document.querySelectorAll('[data-camera=open]')) button.hidden = none
}
navigator.mediaDevices?.addEventListener?.('devicechange', () => void showCameras())
void showCameras()
