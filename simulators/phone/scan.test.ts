/** Pictures of activation codes, as the portal draws them, are read by another library than the one that drew them. */
import QRCode from 'qrcode'
import { decodeQR } from 'qr/decode.js'
import { expect, test } from 'vitest'

const code = 'LPA:1$rsp.violet.example$0123456789ABCDEF0123456789ABCDEF$$1'

type Drawing = { scale: number; side?: number; ink?: number; paper?: number; turned?: boolean }

/** The code in the middle of a square, with the four modules of margin that the portal leaves. */
function drawn({ scale, side, ink = 0, paper = 255, turned = false }: Drawing) {
  const { modules } = QRCode.create(code, { errorCorrectionLevel: 'M' })
  const own = (modules.size + 8) * scale
  const width = side ?? own
  const start = Math.floor((width - own) / 2) + 4 * scale
  const at = (pixel: number) => Math.floor((pixel - start) / scale)
  const isInk = (x: number, y: number) =>
    Math.min(x, y) >= 0 && Math.max(x, y) < modules.size && modules.get(y, x) === 1
  const data = new Uint8ClampedArray(width * width * 4).fill(255)
  for (let y = 0; y < width; y++) {
    for (let x = 0; x < width; x++) {
      const [right, down] = turned ? [at(y), at(width - 1 - x)] : [at(x), at(y)]
      data.fill(isInk(right, down) ? ink : paper, 4 * (y * width + x), 4 * (y * width + x) + 3)
    }
  }
  return { width, height: width, data }
}

test.each<[string, Drawing]>([
  ['as small as it can be', { scale: 1 }],
  ['of the size on the page', { scale: 4 }],
  ['printed large', { scale: 20 }],
  ['in the middle of a screenshot', { scale: 3, side: 1600 }],
  ['grey on grey', { scale: 6, ink: 60, paper: 130 }],
  ['light on dark', { scale: 4, ink: 255, paper: 0 }],
  ['on its side', { scale: 4, turned: true }],
])('%s', (_how, drawing) => {
  expect(decodeQR(drawn(drawing), { timeLimit: 1000 })).toBe(code)
})

test('a picture without a code is read as none, and so is half a code', () => {
  const blank = drawn({ scale: 4, ink: 255 })
  expect(() => decodeQR(blank)).toThrow()
  const half = drawn({ scale: 4 })
  half.data.fill(255, half.data.length / 2)
  expect(() => decodeQR(half)).toThrow()
})
