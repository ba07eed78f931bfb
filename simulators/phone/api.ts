/** The phones' API for pages, tests and the demo. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { acceptedLocale, staffLocale } from '../../src/values/locale.ts'
import { type Body, bodyOf, countOf, DIALLED, MCCMNC, shapedOf, textOf } from '../body.ts'
import type { Database } from '../database.ts'
import { invalid, notFound, Problem } from '../host.ts'
import type { Device } from './device.ts'
import { phoneOf, phonesOf, phoneWire, profilesOf, profileWire } from './store.ts'
import { sentenceOf } from './words.ts'

type ByNumber = { Params: { n: string } }

export function addPhoneApi(http: FastifyInstance, db: Database, device: Device): void {
  const shown = (n: number) => phoneWire(phoneOf(db, n), profilesOf(db, n))
  http.get('/phones', async () => ({ items: phonesOf(db).map(({ n }) => shown(n)) }))
  http.get<ByNumber>('/phones/:n', async ({ params }) => shown(numberOf(params.n)))
  http.post<ByNumber>('/phones/:n/install', async (request, reply) => {
    const body = bodyOf(request)
    const code = textOf(body, 'activationCode', 500)
    const typed = body['confirmationCode'] ? textOf(body, 'confirmationCode', 64) : undefined
    const profile = await told(request, device.install(numberOf(request.params.n), code, typed))
    return reply.code(201).send(profileWire(profile))
  })
  http.post<ByNumber>('/phones/:n/use', async (request) => {
    const body = bodyOf(request)
    const use = { kind: 'data' as const, bytes: countOf(body, 'bytes', 10 ** 12) }
    return used(request, body, use)
  })
  http.post<ByNumber>('/phones/:n/call', async (request) => {
    const body = bodyOf(request)
    const seconds = countOf(body, 'seconds', 86_400)
    return used(request, body, { kind: 'call', to: shapedOf(body, 'to', DIALLED), seconds })
  })
  http.post<ByNumber>('/phones/:n/sms', async (request) => {
    const body = bodyOf(request)
    const text = textOf(body, 'text', 1600)
    return used(request, body, { kind: 'sms', to: shapedOf(body, 'to', DIALLED), text })
  })
  const used = async (
    request: FastifyRequest<ByNumber>,
    body: Body,
    use: Parameters<Device['use']>[2],
  ) => {
    const work = device.use(numberOf(request.params.n), iccidIn(body), use)
    return profileWire(await told(request, work))
  }
  http.post<ByNumber>('/phones/:n/delete', async (request) => {
    const body = request.body == null ? {} : bodyOf(request)
    const n = numberOf(request.params.n)
    return { deleted: await told(request, device.delete(n, iccidIn(body))) }
  })
  http.post<ByNumber>('/phones/:n/travel', async (request) => {
    const body = bodyOf(request)
    const n = numberOf(request.params.n)
    const place =
      body['mccmnc'] === undefined
        ? { country: shapedOf(body, 'country', /^[A-Z]{2}$/) }
        : { mccmnc: shapedOf(body, 'mccmnc', MCCMNC) }
    await device.travel(n, place)
    return shown(n)
  })
  for (const [path, on] of [
    ['enable', true],
    ['disable', false],
  ] as const) {
    http.post<ByNumber>(`/phones/:n/${path}`, async (request) => {
      const n = numberOf(request.params.n)
      const iccid = iccidIn(bodyOf(request))
      if (iccid === undefined) throw invalid('Say which: iccid.')
      await device.enable(n, iccid, on)
      return shown(n)
    })
  }
}

/** Adds the sentence a person reads on the phone to its refusals. */
async function told<T>(request: FastifyRequest, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const locale = staffLocale(acceptedLocale(request.headers['accept-language']))
    const sentence = sentenceOf(locale, error.code)
    throw new Problem(error.status, error.code, sentence ?? error.message, {
      ...error.more,
      sentence,
    })
  }
}

function numberOf(text: string): number {
  if (/^\d{1,3}$/.test(text)) return Number(text)
  throw notFound('phone')
}

const iccidIn = (body: Body): string | undefined =>
  body['iccid'] === undefined ? undefined : shapedOf(body, 'iccid', /^\d{18,20}$/)
