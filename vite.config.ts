/** Builds the two pages, portal and console, into dist/, with message catalogs compiled ahead of
 * time. */
import { compileMessage } from '@lingui/message-utils/compileMessage'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

/** What the portal's first view says, and what stands in for a page: these groups of keys, so that it loads no others. */
const firstGroups = ['broken', 'failure', 'lost', 'page', 'plan', 'shop', 'unit']

/** ICU is parsed here, so that the browser gets arrays and no parser. */
function compiledWords(): Plugin {
  return {
    name: 'violet:words',
    enforce: 'pre',
    transform(code, id) {
      if (!/\/words\/[\w-]+\.json(?:\?|$)/.test(id)) return null
      const part = /[?&](first|rest)\b/.exec(id)?.[1]
      const words = Object.entries(JSON.parse(code) as Record<string, string>)
      const isFirst = (key: string) => firstGroups.includes(key.split('.')[0] ?? '')
      const wanted = words.filter(([key]) => !part || isFirst(key) === (part === 'first'))
      const compiled = wanted.map(([key, text]) => [key, compileMessage(text)])
      const json = JSON.stringify(Object.fromEntries(compiled))
      if (!part) return { code: json, map: null }
      return { code: `export default ${json}`, map: null, moduleType: 'js' }
    },
  }
}

export default defineConfig({
  plugins: [compiledWords(), react(), tailwindcss()],
  publicDir: 'src/portal/public',
  html: { cspNonce: 'PER_RESPONSE' },
  build: {
    outDir: 'dist',
    target: 'es2024',
    modulePreload: { polyfill: false },
  },
})
