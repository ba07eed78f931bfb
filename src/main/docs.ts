/** The API's description: OpenAPI 3.1 at /v1/openapi.json, and the same to read at /docs. */
import swaggerUi from '@fastify/swagger-ui'
import type { Http } from '../platform/http.ts'

export async function registerDocs(http: Http) {
  http.get('/v1/openapi.json', { schema: { hide: true } }, async (_, reply) =>
    reply.type('application/json').serializer(JSON.stringify).send(http.swagger()),
  )
  await http.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: true,
    transformStaticCSP: (header) =>
      header
        .replace(/upgrade-insecure-requests;?/, '')
        .replace(/style-src /, "style-src 'unsafe-inline' "),
    uiConfig: { docExpansion: 'list', deepLinking: true },
  })
}
