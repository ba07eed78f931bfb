/** An authenticator made of code (WebAuthn Level 3 §6): makes passkeys and answers with them as a phone would, and wrongly. */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

type Options = { challenge: string }
type Creation = Options & { rp: { id: string }; user: { id: string } }
type Request = Options & { rpId: string }

/** What a browser or an authenticator says that isn't so. */
export type Twist = {
  origin?: string
  rpId?: string
  type?: string
  crossOrigin?: boolean
  userVerified?: boolean
  counter?: number
  userHandle?: string | null
  /** Signs with a key of its own. */
  forged?: boolean
}

const flags = { present: 1, verified: 4, mayBeBackedUp: 8, backedUp: 16, newKey: 64 }

/** One key of one authenticator, with the id and the handle it was made for. */
export function authenticator(origin: string, kind: 'ES256' | 'EdDSA' = 'ES256') {
  const id = randomBytes(24).toString('base64url')
  const pair = keyPair(kind)
  let counter = 0
  let handle = ''

  return {
    id,
    create({ rp, user, challenge }: Creation, twist: Twist = {}) {
      handle = user.id
      const authData = Buffer.concat([
        authHead(twist.rpId ?? rp.id, flags.newKey, 0, twist),
        Buffer.alloc(16),
        Buffer.from([0, 24]),
        Buffer.from(id, 'base64url'),
        coseKey(kind, pair.publicKey),
      ])
      const attestation = new Map<string, Cbor>([
        ['fmt', 'none'],
        ['attStmt', new Map()],
        ['authData', authData],
      ])
      const clientDataJSON = clientData('webauthn.create', challenge, origin, twist)
      const response = {
        clientDataJSON: clientDataJSON.toString('base64url'),
        attestationObject: cbor(attestation).toString('base64url'),
        transports: ['internal', 'hybrid'],
      }
      return { id, rawId: id, type: 'public-key', response }
    },
    get({ rpId, challenge }: Request, twist: Twist = {}) {
      counter = twist.counter ?? counter + 1
      const authData = authHead(twist.rpId ?? rpId, 0, counter, twist)
      const clientDataJSON = clientData('webauthn.get', challenge, origin, twist)
      const signed = Buffer.concat([authData, createHash('sha256').update(clientDataJSON).digest()])
      const { privateKey } = twist.forged ? keyPair(kind) : pair
      const response = {
        clientDataJSON: clientDataJSON.toString('base64url'),
        authenticatorData: authData.toString('base64url'),
        signature: sign(kind === 'ES256' ? 'sha256' : null, signed, privateKey).toString(
          'base64url',
        ),
        userHandle: twist.userHandle === undefined ? handle : twist.userHandle,
      }
      return { id, rawId: id, type: 'public-key', response }
    },
  }
}

function keyPair(kind: 'ES256' | 'EdDSA'): { publicKey: KeyObject; privateKey: KeyObject } {
  return kind === 'ES256'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('ed25519')
}

function authHead(rpId: string, more: number, counter: number, { userVerified = true }: Twist) {
  const head = Buffer.alloc(37)
  createHash('sha256').update(rpId).digest().copy(head)
  head[32] = flags.present | (userVerified ? flags.verified : 0) | more
  head[32] |= flags.mayBeBackedUp | flags.backedUp
  head.writeUInt32BE(counter, 33)
  return head
}

function clientData(type: string, challenge: string, origin: string, twist: Twist): Buffer {
  const { crossOrigin = false } = twist
  const said = { type: twist.type ?? type, challenge, origin: twist.origin ?? origin, crossOrigin }
  return Buffer.from(JSON.stringify(said))
}

/** RFC 9053 §7: kty, alg, crv, x and y. */
function coseKey(kind: 'ES256' | 'EdDSA', key: KeyObject): Buffer {
  const { x = '', y = '' } = key.export({ format: 'jwk' })
  const at = (coordinate: string) => Buffer.from(coordinate, 'base64url')
  const common: [number, Cbor][] =
    kind === 'ES256' ? [[1, 2], [3, -7], [-1, 1]] : [[1, 1], [3, -8], [-1, 6]] // oxfmt-ignore
  const more: [number, Cbor][] = kind === 'ES256' ? [[-3, at(y)]] : []
  return cbor(new Map<number, Cbor>([...common, [-2, at(x)], ...more]))
}

type Cbor = number | string | Buffer | Map<string, Cbor> | Map<number, Cbor>

/** As much of RFC 8949 as the above needs. */
function cbor(value: Cbor): Buffer {
  if (typeof value === 'number') return value < 0 ? cborHead(1, -1 - value) : cborHead(0, value)
  if (typeof value === 'string')
    return Buffer.concat([cborHead(3, Buffer.byteLength(value)), Buffer.from(value)])
  if (Buffer.isBuffer(value)) return Buffer.concat([cborHead(2, value.length), value])
  const pairs = [...value].flatMap(([key, one]) => [cbor(key), cbor(one)])
  return Buffer.concat([cborHead(5, value.size), ...pairs])
}

function cborHead(major: number, size: number): Buffer {
  if (size < 24) return Buffer.from([(major << 5) | size])
  if (size < 256) return Buffer.from([(major << 5) | 24, size])
  return Buffer.from([(major << 5) | 25, size >> 8, size & 255])
}
