/** Reads a file of usage in windows of whole lines, in constant memory, from wherever an earlier run stopped. */
import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import type { Mapping } from './mapping.ts'

export type Encoding = Mapping['encoding']
export type Fault = 'bad-encoding' | 'cut-off' | 'invalid'
/** Lines stay in one text until they are asked for: a window of a million small strings would be the collector's work. */
export type Window = {
  count: number
  /** The number in the file of the line at 0. */
  firstNumber: number
  text(at: number): string
  fault(at: number): Fault | undefined
  endBytes: number
  endLines: number
}

const chunkBytes = 1 << 20
/** A line longer than this is no record. */
export const lineBytesMax = 64 * 1024

export type UsageFile = {
  bytes: number
  encoding: Encoding
  /** The first line, and where the second begins. */
  header: string
  headerBytes: number
  /** About how many lines there are, from how long the first ones are. */
  linesExpected: number
  /** Names this file as it is now: its size, its time, and how it begins and ends. */
  fingerprint: string
  windows(fromBytes: number, fromLines: number, windowBytes: number): AsyncGenerator<Window>
  close(): Promise<void>
}

/** A byte order mark is believed before what the mapping declares. */
export async function openUsageFile(path: string, declared: Encoding): Promise<UsageFile> {
  const file = await open(path, 'r')
  try {
    const { size, mtimeMs } = await file.stat()
    const head = await readAt(file, 0, Math.min(size, chunkBytes))
    const { encoding, skip } = encodingOf(head, declared)
    const end = lineEnd(head, skip, encoding)
    const headerEnd = end < 0 ? head.length : end
    const header = decode(head.subarray(skip, headerEnd), encoding)
    const tail = await readAt(file, Math.max(0, size - chunkBytes), Math.min(size, chunkBytes))
    const digest = createHash('sha256').update(`${size} ${mtimeMs} `).update(head).update(tail)
    return {
      bytes: size,
      encoding,
      header: (header ?? '').replace(/\r?\n?$/, ''),
      headerBytes: headerEnd,
      linesExpected: Math.ceil((size / Math.max(head.length, 1)) * countOf(head, 0x0a)),
      fingerprint: digest.digest('hex'),
      windows: (fromBytes, fromLines, windowBytes) =>
        windowsOf(file, size, encoding, { fromBytes, fromLines, windowBytes }),
      close: () => file.close(),
    }
  } catch (error) {
    await file.close()
    throw error
  }
}

type Span = { fromBytes: number; fromLines: number; windowBytes: number }

async function* windowsOf(
  file: FileHandle,
  size: number,
  encoding: Encoding,
  { fromBytes, fromLines, windowBytes }: Span,
): AsyncGenerator<Window> {
  let [at, number] = [fromBytes, fromLines]
  while (at < size) {
    const read = await readWindow(file, size, encoding, { from: at, windowBytes })
    if (!read) return // the file became shorter while it was read
    at = read.next
    const firstNumber = number + 1
    number += read.lines.count
    yield { ...read.lines, firstNumber, endBytes: at, endLines: number }
  }
}

// On its own, so that the bytes are given back as soon as they are text.
async function readWindow(
  file: FileHandle,
  size: number,
  encoding: Encoding,
  { from, windowBytes }: { from: number; windowBytes: number },
): Promise<{ lines: Lines; next: number } | undefined> {
  const block = await readAt(file, from, Math.min(windowBytes, size - from))
  if (block.length === 0) return undefined
  const isLast = from + block.length >= size
  const whole = isLast ? block.length : lastLineEnd(block, encoding)
  if (whole > 0) {
    return { lines: readLines(block.subarray(0, whole), encoding), next: from + whole }
  }
  const long = await skipLong(file, from, size, encoding)
  return {
    lines: { count: 1, text: () => long.text, fault: () => 'invalid' },
    next: long.next,
  }
}

type Lines = Pick<Window, 'count' | 'text' | 'fault'>

/** Decodes all at once; only where that can't be done, line by line. */
function readLines(block: Buffer, encoding: Encoding): Lines {
  const text = decode(block, encoding)
  return text === undefined ? readApart(block, encoding) : linesOf(text)
}

function linesOf(text: string): Lines {
  const ends = new Uint32Array(countLines(text))
  let count = 0
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1))
    ends[count++] = end
  const isCut = count < ends.length
  if (isCut) ends[count++] = text.length
  const start = (at: number) => (at === 0 ? 0 : ends[at - 1]! + 1)
  const end = (at: number) =>
    text.charCodeAt(ends[at]! - 1) === 13 && ends[at]! > start(at) ? ends[at]! - 1 : ends[at]!
  const isLong = (at: number) => ends[at]! - start(at) > lineBytesMax
  return {
    count,
    text: (at) => text.slice(start(at), isLong(at) ? start(at) + 200 : end(at)),
    fault: (at) => (isLong(at) ? 'invalid' : isCut && at === count - 1 ? 'cut-off' : undefined),
  }
}

function countLines(text: string): number {
  let count = 0
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) count += 1
  return text.length > 0 && !text.endsWith('\n') ? count + 1 : count
}

function readApart(block: Buffer, encoding: Encoding): Lines {
  const texts: string[] = []
  const faults: (Fault | undefined)[] = []
  let at = 0
  while (at < block.length) {
    const end = lineEnd(block, at, encoding)
    const raw = block.subarray(at, end < 0 ? block.length : end)
    const line = decode(raw, encoding) ?? raw.toString('latin1')
    const isBad = decode(raw, encoding) === undefined
    texts.push(line.replace(/\r?\n$/, '').slice(0, lineBytesMax))
    faults.push(isBad ? 'bad-encoding' : end < 0 ? 'cut-off' : undefined)
    at = end < 0 ? block.length : end
  }
  return { count: texts.length, text: (n) => texts[n]!, fault: (n) => faults[n] }
}

async function skipLong(file: FileHandle, from: number, size: number, encoding: Encoding) {
  const text = decode((await readAt(file, from, 200)).subarray(0, 200), 'latin1') ?? ''
  let at = from
  while (at < size) {
    const block = await readAt(file, at, Math.min(chunkBytes, size - at))
    if (block.length === 0) break
    const end = lineEnd(block, 0, encoding)
    if (end >= 0) return { text, next: at + end }
    at += block.length - (block.length % 2)
    if (block.length < 2) break
  }
  return { text, next: size }
}

function encodingOf(head: Buffer, declared: Encoding): { encoding: Encoding; skip: number } {
  if (head[0] === 0xff && head[1] === 0xfe) return { encoding: 'utf-16le', skip: 2 }
  if (head[0] === 0xfe && head[1] === 0xff) return { encoding: 'utf-16be', skip: 2 }
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf)
    return { encoding: 'utf-8', skip: 3 }
  return { encoding: declared, skip: 0 }
}

const isWide = (encoding: Encoding) => encoding === 'utf-16le' || encoding === 'utf-16be'

/** Where the line that begins at `from` ends, its line feed included; −1: not in this block. */
function lineEnd(block: Buffer, from: number, encoding: Encoding): number {
  if (!isWide(encoding)) {
    const at = block.indexOf(0x0a, from)
    return at < 0 ? -1 : at + 1
  }
  const [low, high] = encoding === 'utf-16le' ? [0, 1] : [1, 0]
  // Windows begin at a line's first byte, so characters stand at even distances from it.
  for (let at = from; at + 1 < block.length; at += 2) {
    if (block[at + low] === 0x0a && block[at + high] === 0) return at + 2
  }
  return -1
}

function lastLineEnd(block: Buffer, encoding: Encoding): number {
  if (!isWide(encoding)) return block.lastIndexOf(0x0a) + 1
  const [low, high] = encoding === 'utf-16le' ? [0, 1] : [1, 0]
  for (let at = block.length - (block.length % 2) - 2; at >= 0; at -= 2) {
    if (block[at + low] === 0x0a && block[at + high] === 0) return at + 2
  }
  return 0
}

const decoders = new Map<Encoding, TextDecoder>()

function decode(bytes: Uint8Array, encoding: Encoding): string | undefined {
  const decoder =
    decoders.get(encoding) ?? new TextDecoder(encoding, { fatal: true, ignoreBOM: true })
  decoders.set(encoding, decoder)
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}

function countOf(block: Buffer, byte: number): number {
  let count = 0
  for (let at = block.indexOf(byte); at >= 0; at = block.indexOf(byte, at + 1)) count += 1
  return count
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}
