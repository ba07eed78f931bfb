/** Every address of the console below /console; pages load when they are first asked for. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
} from '@tanstack/react-router'
import { Redirect } from '../portal/redirect.tsx'
import { BrokenPage, NotFoundPage } from './lost.tsx'
import { SignedIn, useStaffWatch } from './session.tsx'
import { Shell } from './shell.tsx'

function Root() {
  useStaffWatch()
  return <Outlet />
}

const root = createRootRoute({ component: Root, notFoundComponent: NotFoundPage })

/** Search parameters are plain strings; pages read the ones they know. */
function strings(search: Record<string, unknown>): Record<string, string> {
  const entries = Object.entries(search).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]))
}

const staff = createRoute({
  getParentRoute: () => root,
  id: 'staff',
  component: () => (
    <SignedIn>
      <Shell />
    </SignedIn>
  ),
})

const start = createRoute({
  getParentRoute: () => staff,
  path: '/',
  component: () => <Redirect to="/review" />,
})

type Load = Parameters<typeof lazyRouteComponent>[0]

function open(path: string, load: Load, name: string) {
  return createRoute({
    getParentRoute: () => staff,
    path,
    validateSearch: strings,
    component: lazyRouteComponent(load, name),
  })
}

/** A list that stays while the thing beside it changes: the page itself reads which one is open. */
function listed(path: string, param: string, load: Load, name: string) {
  const list = open(path, load, name)
  const item = createRoute({
    getParentRoute: () => list,
    path: `$${param}`,
    validateSearch: strings,
    component: () => null,
  })
  return list.addChildren([item])
}

const pages = [
  start,
  listed('/review', 'caseId', () => import('../closure/console/review-page.tsx'), 'ReviewPage'),
  listed(
    '/attention',
    'caseId',
    () => import('../closure/console/review-page.tsx'),
    'AttentionPage',
  ),
  listed('/intakes', 'caseId', () => import('../closure/console/intakes-page.tsx'), 'IntakesPage'),
  listed(
    '/tickets',
    'ticketId',
    () => import('../tickets/console/tickets-page.tsx'),
    'TicketsPage',
  ),
  listed('/bulk', 'bulkId', () => import('../closure/console/bulk-page.tsx'), 'BulkPage'),
  listed(
    '/erasures',
    'caseId',
    () => import('../closure/console/erasures-page.tsx'),
    'ErasuresPage',
  ),
  open('/refunds', () => import('../payments/console/refunds-page.tsx'), 'RefundsPage'),
  open('/unclaimed', () => import('../payments/console/unclaimed-page.tsx'), 'UnclaimedPage'),
  listed('/rejects', 'rejectId', () => import('../usage/console/rejects-page.tsx'), 'RejectsPage'),
  listed(
    '/subscribers',
    'subscriberId',
    () => import('../subscribers/console/subscribers-page.tsx'),
    'SubscribersPage',
  ),
  listed(
    '/policies',
    'country',
    () => import('../policy/console/policies-page.tsx'),
    'PoliciesPage',
  ),
  open('/policies/$country/draft', () => import('../policy/console/draft-page.tsx'), 'DraftPage'),
  open('/statistics', () => import('../closure/console/statistics-page.tsx'), 'StatisticsPage'),
  open('/audit', () => import('../staff/console/audit-page.tsx'), 'AuditPage'),
  open('/numbers', () => import('../lines/console/numbers-page.tsx'), 'NumbersPage'),
  open('/ports', () => import('../porting/console/ports-page.tsx'), 'PortsPage'),
  open('/keys', () => import('../closure/console/signature-keys-page.tsx'), 'SignatureKeysPage'),
]

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: strings,
  component: lazyRouteComponent(() => import('../staff/console/sign-in-page.tsx'), 'SignInPage'),
})

export const router = createRouter({
  routeTree: root.addChildren([signIn, staff.addChildren(pages)]),
  basepath: '/console',
  defaultPreload: 'intent',
  scrollRestoration: true,
  defaultErrorComponent: BrokenPage,
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (search) => {
    const text = new URLSearchParams(strings(search)).toString()
    return text && `?${text}`
  },
})
