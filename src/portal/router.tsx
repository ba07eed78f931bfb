/** Every address of the portal; pages load when they are first asked for. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
} from '@tanstack/react-router'
import { lazy as lazily, type ReactNode, Suspense } from 'react'
import { ShopPage } from '../plans/portal/shop-page.tsx'
import { NotFoundPage, BrokenPage } from './lost.tsx'
import { PageSkeleton, SignedIn, useSessionWatch } from './session.tsx'
import { openAllWords } from './words.tsx'

const AfterFirstView = lazily(async () => {
  const { AfterFirstView: component } = await import('./offline/after-first-view.tsx')
  return { default: component }
})

function Root() {
  useSessionWatch()
  return (
    <>
      <Outlet />
      <Suspense>
        <AfterFirstView />
      </Suspense>
    </>
  )
}

const root = createRootRoute({ component: Root, notFoundComponent: NotFoundPage })

/** Search parameters are plain strings; pages read the ones they know. */
function strings(search: Record<string, unknown>): Record<string, string> {
  const entries = Object.entries(search).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]))
}

type Load = () => Promise<Record<string, unknown>>

/** A page behind the first one comes with the rest of the words. */
function lazy(load: Load, name: string) {
  const loadAll = async () => {
    const [page] = await Promise.all([load(), openAllWords()])
    return page as Record<string, () => ReactNode>
  }
  return lazyRouteComponent(loadAll, name)
}

function open(path: string, load: Load, name: string) {
  return createRoute({
    getParentRoute: () => root,
    path,
    validateSearch: strings,
    component: lazy(load, name),
  })
}

const members = createRoute({
  getParentRoute: () => root,
  id: 'members',
  component: () => (
    <SignedIn>
      <Outlet />
    </SignedIn>
  ),
})

function signedIn(path: string, load: Load, name: string) {
  return createRoute({
    getParentRoute: () => members,
    path,
    validateSearch: strings,
    component: lazy(load, name),
  })
}

const shop = createRoute({ getParentRoute: () => root, path: '/', component: ShopPage })

const publicPages = [
  shop,
  open('/plans/$planId', () => import('../plans/portal/plan-page.tsx'), 'PlanPage'),
  open(
    '/plans/$planId/coverage',
    () => import('../plans/portal/coverage-page.tsx'),
    'CoveragePage',
  ),
  open('/phone-check', () => import('../esim/portal/check-page.tsx'), 'CheckPage'),
  open('/install-guide', () => import('../esim/portal/guide-page.tsx'), 'GuidePage'),
  open('/delete-guide', () => import('../esim/portal/delete-page.tsx'), 'DeletePage'),
  open('/sign-in', () => import('../subscribers/portal/sign-in-page.tsx'), 'SignInPage'),
  open('/help', () => import('../tickets/portal/help-page.tsx'), 'HelpPage'),
  open('/c', () => import('../closure/portal/public-page.tsx'), 'PublicPage'),
  open('/c/$reference', () => import('../closure/portal/public-page.tsx'), 'PublicPage'),
  open('/freeze/$token', () => import('../closure/portal/freeze-page.tsx'), 'FreezePage'),
  open('/act/$token', () => import('../closure/portal/acting-page.tsx'), 'ActingPage'),
  open('/take-number/$token', () => import('../porting/portal/take-page.tsx'), 'TakePage'),
  open('/close', () => import('../closure/portal/intake-page.tsx'), 'IntakePage'),
  open('/close/proof/$token', () => import('../closure/portal/proof-page.tsx'), 'ProofPage'),
  open('/verify', () => import('../closure/portal/verify-page.tsx'), 'VerifyPage'),
  open('/design', () => import('./design-page.tsx'), 'DesignPage'),
]

const memberPages = [
  signedIn('/welcome', () => import('../subscribers/portal/welcome-page.tsx'), 'WelcomePage'),
  signedIn(
    '/checkout/$planId',
    () => import('../payments/portal/checkout-page.tsx'),
    'CheckoutPage',
  ),
  signedIn('/orders/$orderId', () => import('../payments/portal/order-page.tsx'), 'OrderPage'),
  signedIn('/credit', () => import('../payments/portal/credit-page.tsx'), 'CreditPage'),
  signedIn('/lines', () => import('../lines/portal/home-page.tsx'), 'HomePage'),
  signedIn('/lines/$lineId', () => import('../lines/portal/line-page.tsx'), 'LinePage'),
  signedIn(
    '/lines/$lineId/install',
    () => import('../lines/portal/install-page.tsx'),
    'InstallPage',
  ),
  signedIn(
    '/lines/$lineId/top-up',
    () => import('../payments/portal/top-up-page.tsx'),
    'TopUpPage',
  ),
  signedIn(
    '/lines/$lineId/plan',
    () => import('../renewals/portal/line-plan-page.tsx'),
    'LinePlanPage',
  ),
  signedIn(
    '/lines/$lineId/add-ons',
    () => import('../addons/portal/addons-page.tsx'),
    'AddonsPage',
  ),
  signedIn(
    '/lines/$lineId/coverage',
    () => import('../plans/portal/coverage-page.tsx'),
    'CoveragePage',
  ),
  signedIn(
    '/lines/$lineId/plans',
    () => import('../renewals/portal/other-plans-page.tsx'),
    'OtherPlansPage',
  ),
  signedIn(
    '/lines/$lineId/number',
    () => import('../porting/portal/number-page.tsx'),
    'NumberPage',
  ),
  signedIn(
    '/lines/$lineId/number/bring',
    () => import('../porting/portal/bring-page.tsx'),
    'BringPage',
  ),
  signedIn('/lines/$lineId/cap', () => import('../lines/portal/cap-page.tsx'), 'CapPage'),
  signedIn(
    '/lines/$lineId/move-credit',
    () => import('../payments/portal/move-page.tsx'),
    'MovePage',
  ),
  signedIn('/statement', () => import('../ledger/portal/statement-page.tsx'), 'StatementPage'),
  signedIn('/account', () => import('../subscribers/portal/account-page.tsx'), 'AccountPage'),
  signedIn(
    '/account/contacts',
    () => import('../subscribers/portal/contacts-page.tsx'),
    'ContactsPage',
  ),
  signedIn(
    '/account/devices',
    () => import('../subscribers/portal/devices-page.tsx'),
    'DevicesPage',
  ),
  signedIn(
    '/account/passkeys',
    () => import('../subscribers/portal/passkeys-page.tsx'),
    'PasskeysPage',
  ),
  signedIn('/account/cards', () => import('../payments/portal/cards-page.tsx'), 'CardsPage'),
  signedIn('/account/messages', () => import('../notices/portal/choices-page.tsx'), 'ChoicesPage'),
  signedIn('/help/new', () => import('../tickets/portal/new-ticket-page.tsx'), 'NewTicketPage'),
  signedIn('/help/$ticketId', () => import('../tickets/portal/ticket-page.tsx'), 'TicketPage'),
  signedIn('/close/line/$lineId', () => import('../closure/portal/start-page.tsx'), 'StartPage'),
  signedIn('/close/account', () => import('../closure/portal/start-page.tsx'), 'StartPage'),
  signedIn(
    '/closures/$caseId',
    () => import('../closure/portal/progress-page.tsx'),
    'ProgressPage',
  ),
  signedIn(
    '/closures/$caseId/ready',
    () => import('../closure/portal/ready-page.tsx'),
    'ReadyPage',
  ),
  signedIn(
    '/closures/$caseId/unbind',
    () => import('../closure/portal/unbind-page.tsx'),
    'UnbindPage',
  ),
  signedIn(
    '/closures/$caseId/quote',
    () => import('../closure/portal/quote-page.tsx'),
    'QuotePage',
  ),
  signedIn(
    '/closures/$caseId/reason',
    () => import('../closure/portal/reason-page.tsx'),
    'ReasonPage',
  ),
  signedIn(
    '/closures/$caseId/answers',
    () => import('../closure/portal/answers-page.tsx'),
    'AnswersPage',
  ),
  signedIn(
    '/closures/$caseId/confirm',
    () => import('../closure/portal/confirm-page.tsx'),
    'ConfirmPage',
  ),
]

export const router = createRouter({
  routeTree: root.addChildren([...publicPages, members.addChildren(memberPages)]),
  defaultPreload: 'intent',
  defaultPendingComponent: PageSkeleton,
  defaultPendingMs: 150,
  defaultErrorComponent: BrokenPage,
  scrollRestoration: true,
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (search) => {
    const text = new URLSearchParams(strings(search)).toString()
    return text && `?${text}`
  },
})
