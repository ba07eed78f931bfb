import { describe, expect, test } from 'vitest'
import { parseConfig, parsePlaces } from './config.ts'
import { CannotStart } from './process.ts'

const complete = {
  DATABASE_URL: 'postgres://violet:pw@127.0.0.1:5432/violet',
  VIOLET_PAYMENTS_KEY: 'pay_key',
  VIOLET_PAYMENTS_WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 1).toString('base64')}`,
  VIOLET_NETWORK_KEY: 'net_key',
  VIOLET_NETWORK_WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 2).toString('base64')}`,
  VIOLET_MASTER_KEY: Buffer.alloc(32, 3).toString('base64url'),
}

describe('parseConfig', () => {
  test('every address follows the base port', () => {
    const config = parseConfig({ ...complete, VIOLET_PORT: '5100' })
    expect(config.unsignedPhones).toBe(false)
    expect(config).toMatchObject({
      port: 5100,
      publicUrl: 'http://localhost:5100',
      payments: { url: 'http://localhost:5101', key: 'pay_key' },
      network: { url: 'http://localhost:5102' },
      phoneUrl: 'http://localhost:5103',
      inboxUrl: 'http://localhost:5104',
      portingUrl: 'http://localhost:5109',
      smsUrl: 'http://localhost:5104/sms',
      smtpUrl: 'smtp://127.0.0.1:5105',
      nchf: { host: 'localhost', port: 5107, url: 'http://localhost:5107' },
      es2: { host: 'localhost', port: 5108, url: 'https://localhost:5108' },
      logLevel: 'info',
    })
    expect(config.masterKey.equals(Buffer.alloc(32, 3))).toBe(true)
  })

  test('an address given wins and loses its last slash', () => {
    const places = parsePlaces({ VIOLET_PUBLIC_URL: 'https://violet.example/' })
    expect(places.publicUrl).toBe('https://violet.example')
    expect(places.paymentsUrl).toBe('http://localhost:4401')
  })

  test('online charging has a port, a certificate and an address of its own', () => {
    const { nchf } = parsePlaces({
      VIOLET_PORT: '5100',
      VIOLET_NCHF_PORT: '29500',
      VIOLET_NCHF_HOST: '10.0.0.7',
      VIOLET_NCHF_TLS_KEY: '/etc/violet/key.pem',
      VIOLET_NCHF_TLS_CERT: '/etc/violet/cert.pem',
    })
    const tls = { keyFile: '/etc/violet/key.pem', certFile: '/etc/violet/cert.pem' }
    expect(nchf).toEqual({ host: '10.0.0.7', port: 29500, url: 'https://localhost:29500', tls })
  })

  test('proxies are believed by their addresses, and never everybody', () => {
    const of = (text?: string) => parseConfig({ ...complete, VIOLET_TRUST_PROXY: text }).trustProxy
    expect(of()).toBeUndefined()
    expect(of('10.0.0.0/8, ::1')).toEqual(['10.0.0.0/8', '::1'])
    for (const text of ['1', 'true', '*', '10.0.0.0/33', '::/129', '10.0.0.0/8/1', '::1,', 'a.b'])
      expect(() => of(text), text).toThrow(/VIOLET_TRUST_PROXY must be addresses/)
    for (const text of ['0.0.0.0/0', '::/0']) expect(() => of(text)).toThrow(/any address/)
  })

  test('the network is an HTTP API unless it is an OsmoHLR', () => {
    expect(parseConfig(complete).network).not.toHaveProperty('osmoHlr')
    const at = (place?: string) =>
      parseConfig({ ...complete, VIOLET_NETWORK: 'osmo-hlr', VIOLET_OSMO_HLR: place }).network
        .osmoHlr
    expect(at()).toEqual({ host: '127.0.0.1', port: 4258 })
    expect(at('hlr.example:4300')).toEqual({ host: 'hlr.example', port: 4300 })
    expect(at('[::1]:4258')).toEqual({ host: '::1', port: 4258 })
    for (const bad of ['hlr.example:0', 'a b', 'telnet://hlr', 'hlr:x'])
      expect(() => at(bad)).toThrow(CannotStart)
  })

  test('a provisioning system is given signed commands, and keys only where nobody listens', () => {
    const secret = `whsec_${Buffer.alloc(32, 4).toString('base64')}`
    const at = (more: Record<string, string>) =>
      parseConfig({ ...complete, VIOLET_NETWORK: 'webhook', ...more }).network.webhook
    const there = { VIOLET_NETWORK_URL: 'https://oss.example/violet' }
    const all = { ...there, VIOLET_PROVISIONING_SECRET: secret }
    expect(at(all)).toEqual({ secret, sendsKeys: false })
    expect(at({ ...all, VIOLET_PROVISIONING_KEYS: '1' })).toEqual({ secret, sendsKeys: true })
    const open = { ...all, VIOLET_PROVISIONING_KEYS: '1', VIOLET_NETWORK_URL: 'http://oss.example' }
    for (const bad of [there, { VIOLET_PROVISIONING_SECRET: secret }, open])
      expect(() => at(bad)).toThrow(CannotStart)
    expect(at({ ...open, VIOLET_NETWORK_URL: 'http://localhost:9' })).toMatchObject({ secret })
  })

  test.each([
    ['VIOLET_NETWORK', 'smoke-signals'],
    ['VIOLET_PORT', '0'],
    ['VIOLET_PORT', '65529'],
    ['VIOLET_PORT', '44x'],
    ['VIOLET_PORT', '-1'],
    ['DATABASE_URL', 'mysql://a:b@c/d'],
    ['DATABASE_URL', 'postgres://host'],
    ['DATABASE_URL', undefined],
    ['VIOLET_MASTER_KEY', Buffer.alloc(31).toString('base64url')],
    ['VIOLET_MASTER_KEY', undefined],
    ['VIOLET_PAYMENTS_KEY', ' '],
    ['VIOLET_PAYMENTS_WEBHOOK_SECRET', 'secret'],
    ['VIOLET_PUBLIC_URL', 'violet.example'],
    ['VIOLET_SMTP_URL', 'http://127.0.0.1'],
    ['VIOLET_LOG', 'loud'],
    ['VIOLET_NCHF_PORT', '65536'],
    ['VIOLET_NCHF_URL', 'chf.example'],
    ['VIOLET_NCHF_TLS_KEY', '/etc/violet/key.pem'],
    ['VIOLET_NCHF_TLS_CA', '/etc/violet/ca.pem'],
  ])('%s=%s is refused in one sentence that names it', (name, value) => {
    const attempt = () => parseConfig({ ...complete, [name]: value })
    expect(attempt).toThrow(CannotStart)
    expect(attempt).toThrow(new RegExp(`^[^\\n]*${name}[^\\n]*\\.$`))
  })

  test('a refused DATABASE_URL does not repeat its password', () => {
    const attempt = () => parseConfig({ ...complete, DATABASE_URL: 'pg://violet:hunter2@host/db' })
    expect(attempt).toThrow(/^(?!.*hunter2)/)
  })
})
