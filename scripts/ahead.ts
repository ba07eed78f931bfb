/** Notes in dist/ which files each page of the portal needs beside the entry, so that the server names them in the page. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'vite'
import type { Ahead } from '../src/main/ahead.ts'
import { reached } from './budget.ts'

/** The addresses of the router with the module of each page. */
export function routesOf(router: string): { path: string; module: string }[] {
  const routes = router.matchAll(/(?:open|signedIn)\(\s*'([^']+)',\s*\(\) => import\('([^']+)'\)/g)
  return [...routes].map(([, path = '', module = '']) => ({
    path,
    module: join('src/portal', module),
  }))
}

export function noteAhead(root: string): Plugin {
  return {
    name: 'violet:ahead',
    writeBundle(options, bundle) {
      const chunks = Object.values(bundle).filter((part) => part.type === 'chunk')
      const named = (end: string) =>
        chunks.find(({ facadeModuleId }) => facadeModuleId?.endsWith(end))
      const entry = chunks.find(({ moduleIds }) =>
        moduleIds.some((id) => id.endsWith('/src/portal/main.tsx')),
      )
      const common = new Set(
        entry && reached(chunks, entry.fileName).map(({ fileName }) => fileName),
      )
      const words = (part: 'first' | 'rest') =>
        Object.fromEntries(
          chunks.flatMap(({ facadeModuleId, fileName }) => {
            const locale = new RegExp(`/src/portal/words/([\\w-]+)\\.json\\?${part}$`).exec(
              facadeModuleId ?? '',
            )?.[1]
            return locale ? [[locale, fileName]] : []
          }),
        )
      const routes = routesOf(readFileSync(join(root, 'src/portal/router.tsx'), 'utf8'))
      const ahead: Ahead = {
        pages: routes.map(({ path, module }) => {
          const page = named(`/${module}`)
          if (!page) this.error(`The build has no file for ${module}.`)
          const files = reached(chunks, page.fileName).map(({ fileName }) => fileName)
          return { path, files: files.filter((name) => !common.has(name)) }
        }),
        words: { first: words('first'), rest: words('rest') },
      }
      if (!ahead.words.rest['en']) this.error('The build has no words to fetch ahead.')
      writeFileSync(join(options.dir ?? 'dist', 'ahead.json'), JSON.stringify(ahead))
    },
  }
}
