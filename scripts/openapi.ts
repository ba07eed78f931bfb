/** Writes the types of our own API for the pages, from the OpenAPI that the routes describe. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import openapiTS, { astToString } from 'openapi-typescript'
import type { App } from '../src/platform/app.ts'
import { checkout } from '../src/platform/config.ts'
import { openHttp } from '../src/platform/http.ts'
import { pino } from 'pino'
import { type Gateways, registerRoutes } from '../src/main/wiring.ts'

/** The description needs the routes alone: nothing is called, so no database and no partner is there. */
const app = { config: { publicUrl: 'http://localhost', masterKey: Buffer.alloc(32), payments: {}, network: {} }, log: pino({ level: 'silent' }) } as unknown as App
const http = await openHttp(app)
await registerRoutes(http, app, { signer: { jwks: () => ({ keys: [] }) } } as unknown as Gateways)
await http.ready()
const ast = await openapiTS(http.swagger() as unknown as Parameters<typeof openapiTS>[0])
writeFileSync(join(checkout, 'src/portal/api.d.ts'), `/* Made by scripts/openapi.ts from the routes; not edited by hand. */\n${astToString(ast)}`)
await http.close()
