/** Who runs this platform, for anybody who asks. */
import { isForTestsOnly, type Rsp } from '../esim/rsp-gateway.ts'
import type { App } from '../platform/app.ts'
import type { Http } from '../platform/http.ts'
import { operator } from '../platform/operator.ts'
import { packed } from '../platform/packing.ts'
import { publishedResidences } from '../policy/store.ts'
import { operatorWire } from '../subscribers/wire.ts'
import { locales } from '../values/locale.ts'

/** A platform with its demo's partners around it tells where they are; one in earnest has none. */
export function registerOperatorRoutes(http: Http, app: App, rsp: Rsp) {
  const { publicUrl, inboxUrl, phoneUrl } = app.config
  const testPhonesOnly = isForTestsOnly(app.config, rsp)
  const demo = isHere(inboxUrl) && isHere(phoneUrl) ? { inboxUrl, phoneUrl } : null
  http.get(
    '/v1/operator',
    {
      onSend: packed,
      schema: {
        tags: ['Plans'],
        summary: 'The operator: name, address, languages, countries',
        response: { 200: operatorWire },
      },
    },
    async () => ({
      ...operator,
      url: publicUrl,
      locales: [...locales],
      ...(await publishedResidences(app.db, app.clock.now())),
      testPhonesOnly,
      demo,
    }),
  )
}

function isHere(url: string): boolean {
  return ['localhost', '127.0.0.1', '[::1]'].includes(new URL(url).hostname)
}
