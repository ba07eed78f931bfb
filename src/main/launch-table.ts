/** The table a person sees when the platform is up: where to click and how to sign in. */
import { styleText } from 'node:util'

export type Staff = { email: string; role: string }

export type Shown = {
  name: string
  url: string
  nchfUrl: string
  demo?: Record<'paymentsUrl' | 'networkUrl' | 'phoneUrl' | 'inboxUrl' | 'portingUrl', string>
  staff: readonly Staff[]
  dataDir: string
  database: string
  workers: number
  startedMs: number
}

type Row = readonly [label: string, value: string, note: string]

export function startTable(shown: Shown): string {
  const { demo, staff } = shown
  const seconds = (shown.startedMs / 1000).toFixed(1)
  const places: Row[] = [
    ['Portal', `${shown.url}/`, 'join, use, change, leave'],
    ['Console', `${shown.url}/console`, 'for the operator’s staff'],
    ...(demo ? demoRows(demo) : []),
    ['API', `${shown.url}/docs`, 'reference of /v1'],
    ['Charging', shown.nchfUrl, 'Nchf_ConvergedCharging for the network, HTTP/2 only'],
  ]
  const workers = shown.workers === 1 ? '1 worker' : `${shown.workers} workers`
  const parts = [
    `${bold(violet(shown.name))} is running ${dim(`· ready in ${seconds} s`)}`,
    table(places),
    ...(demo ? [signIn(staff)] : []),
    dim(`Data in ${shown.dataDir} · ${shown.database} · ${workers}\nStop with Ctrl-C`),
  ]
  return `\n${parts.map(indent).join('\n\n')}\n\n`
}

const demoRows = (demo: NonNullable<Shown['demo']>): Row[] => [
  ['Inbox', `${demo.inboxUrl}/`, 'every mail and SMS that is sent, sign-in codes too'],
  ['Phone', `${demo.phoneUrl}/`, 'installs the eSIM, uses data'],
  ['Payments', `${demo.paymentsUrl}/`, 'the payment provider, with cards to try'],
  ['Network', `${demo.networkUrl}/`, 'the mobile network'],
  ['Numbers', `${demo.portingUrl}/`, 'another operator, to take numbers to and from'],
]

function signIn(staff: readonly Staff[]): string {
  const subscriber =
    'Subscribers join at the portal with any e-mail address; the code is in the inbox.'
  if (staff.length === 0) return subscriber
  const rows = staff.map(({ role, email }): Row => [role, email, ''])
  return `${subscriber}\nStaff sign in at the console the same way, as\n\n${table(rows)}`
}

function table(rows: readonly Row[]): string {
  const width = (column: 0 | 1) => Math.max(...rows.map((row) => row[column].length))
  const [first, second] = [width(0), width(1)]
  const lines = rows.map(([label, value, note]) => {
    const text = `${label.padEnd(first)}   ${cyan(value.padEnd(second))}   ${dim(note)}`
    return text.trimEnd()
  })
  return lines.join('\n')
}

const indent = (text: string): string => text.replaceAll(/^(?=.)/gm, '  ')

// Plain where the output is not a terminal or NO_COLOR is set.
const paint = (style: Parameters<typeof styleText>[0]) => (text: string) =>
  styleText(style, text, { stream: process.stdout })
const bold = paint('bold')
const dim = paint('dim')
const cyan = paint('cyan')
const violet = paint('magentaBright')
