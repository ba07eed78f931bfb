/** `npm run dev`: pages that reload as you type, a server that starts again when its code changes. */
import { spawn } from 'node:child_process'
import { watch } from 'node:fs'
import { join } from 'node:path'
import { createServer } from 'vite'
import { parseStartFlags, startHelp } from '../src/main/launch-options.ts'
import { parsePlaces } from '../src/platform/config.ts'
import { runMain } from '../src/platform/process.ts'

const root = join(import.meta.dirname, '..')
const API = ['/v1', '/api', '/docs', '/esim', '/.well-known']
const isPage = (file: string): boolean => /(^|\/)(portal|console)\//.test(file)

await runMain(async () => {
  const args = process.argv.slice(2)
  const options = parseStartFlags(args)
  if (!options) {
    process.stdout.write(startHelp)
    return
  }
  const port = options.port ?? parsePlaces(process.env).port
  const launcher = spawn(process.execPath, [join(root, 'src/main/start.ts'), ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  const pages = await servePages(port)
  restartOnChange(() => launcher.kill('SIGUSR2'))
  // Vite would end this process before the platform has drained.
  process.removeAllListeners('SIGTERM')
  process.on('SIGTERM', () => launcher.kill('SIGTERM'))
  process.on('SIGINT', () => {})
  const code = await new Promise<number | null>((done) => launcher.on('exit', done))
  await pages.close()
  process.exit(code ?? 1)
})

async function servePages(port: number) {
  const target = `http://localhost:${port}`
  const server = await createServer({
    root,
    logLevel: 'warn',
    // The nonce is filled in by our own server, which does not serve these pages.
    html: {},
    server: {
      port: port + 7,
      proxy: Object.fromEntries(API.map((path) => [path, { target, changeOrigin: false }])),
    },
  })
  await server.listen()
  const [address] = server.resolvedUrls?.local ?? []
  process.stdout.write(`Pages that reload as you type: ${address}\n`)
  return server
}

function restartOnChange(restart: () => void): void {
  let timer: NodeJS.Timeout | undefined
  watch(join(root, 'src'), { recursive: true }, (_event, file) => {
    if (!file?.endsWith('.ts') || file.endsWith('.test.ts') || isPage(file)) return
    clearTimeout(timer)
    timer = setTimeout(restart, 150)
  })
}
