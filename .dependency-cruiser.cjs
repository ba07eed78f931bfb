/** The direction of imports, as docs/architecture.md states it. */

// What a file may do is told by its name; everything else in a feature is pure.
const IMPURE = String.raw`([/-](routes|store|steps|gateway)\.ts$|/steps/)`
const PAGES = String.raw`/(portal|console)/`
const FEATURE = String.raw`(subscribers|staff|lines|plans|ledger|usage|esim|payments|policy|renewals|porting|tickets|notices)`
const ANY_FEATURE = FEATURE.replace('(', '(closure|')
// The file named after the feature, or after one of what it owns: policy/policy.ts, lines/line.ts.
const DOORS = `/(${FEATURE.slice(1, -1)
  .split('|')
  .flatMap((name) => [name, name.replace(/s$/, '')])
  .join('|')})\\.ts$`
const SHELL = String.raw`^src/(portal|console)/`
const TEST = String.raw`\.test\.tsx?$`
const PURE = { path: `^src/${ANY_FEATURE}/`, pathNot: [IMPURE, PAGES, TEST] }

const forbidden = [
  {
    name: 'values-know-nothing',
    comment: 'values/ is the ground: it imports only itself and pure libraries.',
    from: { path: '^src/values/', pathNot: TEST },
    to: { path: '^src/', pathNot: '^src/values/' },
  },
  {
    name: 'platform-below-features',
    comment: 'platform/ may import values/ only; features are wired in by main/.',
    from: { path: '^src/platform/', pathNot: TEST },
    to: { path: '^src/', pathNot: '^src/(platform|values)/' },
  },
  {
    name: 'main-is-the-top',
    comment: 'Only main/, scripts and tests may import main/.',
    from: { path: '^(src|simulators)/', pathNot: ['^src/main/', TEST] },
    to: { path: '^src/main/' },
  },
  {
    name: 'nobody-imports-closure',
    comment: 'Closure stands above the other features: it asks them, they never ask it.',
    from: { path: `^src/${FEATURE}/`, pathNot: [PAGES, TEST] },
    to: { path: '^src/closure/' },
  },
  {
    name: 'features-through-their-door',
    comment:
      'Across features import the file named after the feature (its door), its wire.ts or closing.ts, or, from a ' +
      'file that may be impure, its store.ts or gateway.ts.',
    from: { path: `^src/${ANY_FEATURE}/`, pathNot: [PAGES, TEST] },
    to: {
      path: `^src/${ANY_FEATURE}/`,
      pathNot: [
        `^src/$1/`,
        DOORS,
        String.raw`/(wire|closing)\.ts$`,
        String.raw`[/-](store|gateway)\.ts$`,
      ],
    },
  },
  {
    name: 'pure-imports-pure',
    comment: 'A pure file imports no file that may read, write, wait or ask the clock.',
    from: PURE,
    to: { path: ['^src/(platform|main)/', `^src/${ANY_FEATURE}.*${IMPURE}`, PAGES, SHELL] },
  },
  {
    name: 'pure-uses-no-outside',
    comment: 'A pure file imports of Node only what computes; crypto is there for hashes.',
    from: PURE,
    to: {
      dependencyTypes: ['core'],
      pathNot: '^(node:)?(assert|assert/strict|buffer|crypto|util)$',
    },
  },
  {
    name: 'pages-use-the-api',
    comment: 'Pages run in a browser: of the server they share pure files and types only.',
    from: { path: [SHELL, `^src/${ANY_FEATURE}/(portal|console)/`], pathNot: TEST },
    to: { path: [`^src/${ANY_FEATURE}.*${IMPURE}`, '^src/(platform|main)/'] },
  },
  {
    name: 'server-imports-no-pages',
    comment: 'The server never imports a page.',
    from: { path: '^src/', pathNot: [SHELL, PAGES, TEST] },
    to: { path: [SHELL, `^src/${ANY_FEATURE}/(portal|console)/`], pathNot: '/words/' },
  },
  {
    name: 'simulators-are-outside',
    comment:
      'A simulator stands for another company: it shares values, manners and the protocol library.',
    from: { path: '^simulators/', pathNot: TEST },
    to: { path: '^src/', pathNot: '^src/(values|platform|esim/sgp22)/' },
  },
  {
    name: 'platform-knows-no-simulators',
    comment: 'The product never imports the demo’s partners.',
    from: { path: '^src/', pathNot: TEST },
    to: { path: '^simulators/' },
  },
  {
    name: 'no-circles',
    comment: 'Two files that need each other are one file, or three.',
    from: {},
    to: { circular: true },
  },
  {
    name: 'nothing-missing',
    comment: 'Every import leads to a file or to a package named in package.json.',
    from: { pathNot: [TEST, '^simulators/.*[.]js$'] },
    to: { couldNotResolve: true },
  },
]

module.exports = {
  forbidden: forbidden.map((rule) => ({ severity: 'error', ...rule })),
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: String.raw`\?(url|raw|inline)$` },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
    builtInModules: { add: ['node:sqlite', 'node:test'] },
  },
}
