/** `npm run demo`: the main job in a terminal, from joining to the verified certificate, on real parts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Listr, type ListrTask } from 'listr2'
import { DEFAULT_PORT } from '../platform/config.ts'
import { cards, person, type Reply, until } from './demo-person.ts'
import { startPlatform } from './start.ts'
import { verifyCommand } from './verify.ts'

export type DemoOptions = { url?: string | undefined; json: boolean }

type Mobile = { url: string; inboxUrl: string; phoneUrl: string }
type Someone = ReturnType<typeof person> & { email: string }
type Story = {
  lin: Someone
  lineId: string
  reference: string
  caseId: string
  quoteHash: string
  refund: { amount: string; currency: string }
  file: string
  keysFile: string
  verified: boolean
}
type Step = ListrTask<Story>

/** The exit code: 0 when the certificate verified. */
export async function demo({ url, json }: DemoOptions): Promise<number> {
  const found = await findPlatform(url ?? `http://localhost:${DEFAULT_PORT}`)
  if (!found && url) {
    process.stderr.write(`No Violet demo platform answers at ${url}. Start one with "npm start".\n`)
    return 2
  }
  const folder = mkdtempSync(join(tmpdir(), 'violet-demo-'))
  const own = found ? undefined : await startOwn(join(folder, 'data'), json)
  try {
    const mobile = found ?? (await findPlatform(own?.config.publicUrl ?? ''))
    if (!mobile) throw new Error('the platform that was just started does not answer')
    return await play(mobile, folder, json)
  } finally {
    await own?.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function play(mobile: Mobile, folder: string, json: boolean): Promise<number> {
  const story: Story = {
    lin: undefined as unknown as Someone,
    lineId: '',
    reference: '',
    caseId: '',
    quoteHash: '',
    refund: { amount: '0.00', currency: '' },
    file: join(folder, 'certificate.json'),
    keysFile: join(folder, 'keys.json'),
    verified: false,
  }
  const told = [...joining(mobile), ...leaving(mobile), ...proving(mobile)].map((step) => ({
    ...step,
    rendererOptions: { persistentOutput: true },
  }))
  const steps = new Listr<Story>(told, {
    ctx: story,
    silentRendererCondition: json,
    registerSignalListeners: false,
  })
  try {
    await steps.run()
  } catch (error) {
    process.stderr.write(`The demo stopped: ${(error as Error).message}\n`)
    if (json) print({ case: story.caseId || null, refund: null, verified: false })
    return 1
  }
  if (json)
    print({
      case: story.caseId,
      reference: story.reference,
      refund: story.refund,
      verified: story.verified,
    })
  return story.verified ? 0 : 1
}

function joining({ url, inboxUrl, phoneUrl }: Mobile): Step[] {
  return [
    {
      title: 'Sign in with an e-mail address and a one-time code',
      async task(story, task) {
        const email = `lin.${Date.now().toString(36)}@example.com`
        story.lin = Object.assign(person({ url, urls: { inbox: inboxUrl } }), { email })
        good(await story.lin.signIn(email))
        good(await story.lin.patch('/v1/me', { name: 'Lin Yue', country: 'GB' }))
        task.output = email
      },
    },
    {
      title: 'Choose a plan and pay it',
      async task(story, task) {
        const { plans } = good(await story.lin.get('/v1/plans'))
        const plan = plans.find(
          (one: { kind: string; hasNumber: boolean }) => one.kind === 'home' && one.hasNumber,
        )
        const order = good(
          await story.lin.post('/v1/orders', { planId: plan.planId, nickname: 'Everyday' }),
        )
        await payAt(order.checkoutUrl)
        const paid = await untilPaid(story.lin, order.orderId)
        story.lineId = paid.lineId
        task.output = `${plan.name.en}, ${plan.price.amount} ${plan.price.currency}`
      },
    },
    {
      title: 'Install the eSIM on a phone; the line becomes active',
      async task(story, task) {
        const installation = await until(
          () => story.lin.get(`/v1/lines/${story.lineId}/installation`),
          ({ body }) => body.code !== 'profile-in-preparation',
        )
        const { activationCode } = good(installation)
        await onPhone(phoneUrl, 'install', { activationCode })
        const line = await until(
          () => lineOf(story),
          ({ state }) => state === 'active',
          30_000,
        )
        task.output = line.msisdn
      },
    },
    {
      title: 'Top up, and use 300 MB',
      async task(story, task) {
        const order = good(
          await story.lin.post(`/v1/lines/${story.lineId}/top-ups`, {
            amount: { amount: '20.00', currency: 'GBP' },
          }),
        )
        await payAt(order.checkoutUrl)
        await untilPaid(story.lin, order.orderId)
        await onPhone(phoneUrl, 'use', { bytes: 300_000_000 })
        const used = await until(
          () => lineOf(story),
          (line) => dataOf(line).remaining !== dataOf(line).granted,
          30_000,
        )
        task.output = `${Number(dataOf(used).remaining) / 1e9} of ${Number(dataOf(used).granted) / 1e9} GB left`
      },
    },
  ]
}

function leaving({ url }: Mobile): Step[] {
  return [
    {
      title: 'Take the data along',
      async task(story, task) {
        const answer = await story.lin.get('/v1/me/export')
        if (answer.status !== 200) throw new Error(`the export answered ${answer.status}`)
        task.output = answer.headers.get('content-disposition') ?? 'ZIP'
      },
    },
    {
      title: 'Ask to close the account: checklist, quote, choice',
      async task(story, task) {
        const draft = good(await story.lin.post('/v1/closures', { scope: 'account' }))
        const chosen = good(
          await story.lin.patch(`/v1/closures/${draft.caseId}`, {
            choices: { paid: { disposition: 'refund' }, promotional: null },
            reason: 'travel-over',
          }),
        )
        Object.assign(story, {
          caseId: draft.caseId,
          reference: draft.reference,
          quoteHash: chosen.quote.hash,
        })
        story.refund = chosen.quote.currencies[0].refund
        task.output = `you get back ${story.refund.amount} ${story.refund.currency}`
      },
    },
    {
      title: 'Confirm with a code to another channel',
      async task(story, task) {
        const after = new Date(Date.now() - 1).toISOString()
        const { maskedTo } = good(await story.lin.post(`/v1/closures/${story.caseId}/code`))
        const code = await story.lin.codeFor(story.lin.email, after)
        good(
          await story.lin.post(`/v1/closures/${story.caseId}/submit`, {
            quoteHash: story.quoteHash,
            code,
            understood: true,
          }),
        )
        task.output = `${maskedTo}; ${story.reference}`
      },
    },
    {
      title: 'Watch it close: network, number, money, certificate',
      async task(story, task) {
        let seen = ''
        const look = async () => {
          const { body } = await story.lin.get(`/v1/closures/by-reference/${story.reference}`)
          if (body.state !== seen) task.output = `${body.state} (${url}/c/${story.reference})`
          seen = body.state
          return body
        }
        await until(look, ({ state }) => state === 'closed', 60_000)
      },
    },
    {
      title: 'Signed out for good',
      async task({ lin }) {
        const { status } = await lin.get('/v1/me')
        if (status !== 401) throw new Error(`the account still answers with ${status}`)
      },
    },
  ]
}

function proving({ url, inboxUrl }: Mobile): Step[] {
  return [
    {
      title: 'The certificate comes by mail',
      async task(story, task) {
        const { id, index } = await until(
          () => attachmentOf(inboxUrl, story),
          (found) => found.id !== '',
          30_000,
        )
        const content = await (
          await fetch(`${inboxUrl}/messages/${id}/attachments/${index}`)
        ).text()
        writeFileSync(story.file, content)
        writeFileSync(
          story.keysFile,
          await (await fetch(`${url}/.well-known/closure-keys.json`)).text(),
        )
        task.output = `${content.length} bytes`
      },
    },
    {
      title: 'Verify it offline against the published keys',
      async task(story, task) {
        let said = ''
        const code = await verifyCommand(
          story.file,
          { keys: story.keysFile },
          (text) => (said += text),
        )
        if (code !== 0) throw new Error(said)
        story.verified = true
        task.output = said.split('\n')[0] ?? ''
      },
    },
  ]
}

type Message = { id: string; attachments: { name: string }[] }

async function attachmentOf(
  inboxUrl: string,
  { lin }: Story,
): Promise<{ id: string; index: number }> {
  const response = await fetch(`${inboxUrl}/messages?to=${encodeURIComponent(lin.email)}`)
  const { items } = (await response.json()) as { items: Message[] }
  for (const { id, attachments } of items) {
    const index = attachments.findIndex(({ name }) => name.endsWith('.json'))
    if (index >= 0) return { id, index }
  }
  return { id: '', index: -1 }
}

async function findPlatform(url: string): Promise<Mobile | undefined> {
  try {
    const response = await fetch(`${url}/v1/operator`, { signal: AbortSignal.timeout(2000) })
    const { demo: places } = (await response.json()) as {
      demo: { inboxUrl: string; phoneUrl: string } | null
    }
    return places ? { url, ...places } : undefined
  } catch {
    return undefined
  }
}

/** A platform of its own on free ports, gone afterwards. */
async function startOwn(dataDir: string, json: boolean) {
  if (!json) process.stdout.write('No platform is running: starting one for this demo.\n\n')
  return startPlatform({ port: await freePorts(), dataDir, demo: true, workers: 1 })
}

/** The first of seven neighbours that are probably free: the launcher says so when one is not. */
export async function freePorts(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      const port = typeof address === 'object' && address ? address.port : DEFAULT_PORT
      probe.close(() => resolve(Math.min(port, 65_500)))
    })
  })
}

function good({ status, body }: { status: number; body: Reply }) {
  if (status < 300) return body
  throw new Error(`${status} ${body.code ?? ''}: ${body.detail ?? JSON.stringify(body)}`)
}

async function payAt(checkoutUrl: string) {
  const form = new URLSearchParams({
    number: cards.good,
    expiry: '12/40',
    name: 'Lin Yue',
    cvc: '123',
  })
  await fetch(checkoutUrl, { method: 'POST', body: form, redirect: 'manual' })
}

function untilPaid(lin: Someone, orderId: string) {
  return until(
    async () => good(await lin.get(`/v1/orders/${orderId}`)),
    ({ state }) => state === 'paid',
    30_000,
  )
}

async function lineOf({ lin, lineId }: Story) {
  return good(await lin.get(`/v1/lines/${lineId}`))
}

function dataOf(line: { buckets: { kind: string; granted: string; remaining: string }[] }) {
  return line.buckets.find(({ kind }) => kind === 'data') ?? { granted: '0', remaining: '0' }
}

async function onPhone(phoneUrl: string, what: string, body: object) {
  const response = await fetch(`${phoneUrl}/phones/1/${what}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!response.ok)
    throw new Error(`the phone answered ${response.status}: ${await response.text()}`)
}

function print(fields: object) {
  process.stdout.write(`${JSON.stringify(fields)}\n`)
}
