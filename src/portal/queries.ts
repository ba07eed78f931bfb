/** What pages read, each with one key; the keys below one name are refreshed together. */
import { infiniteQueryOptions, QueryClient, queryOptions } from '@tanstack/react-query'
import { problemCode, read, Refused, Unanswered } from './api.ts'
import type { Money } from './format.ts'
import { ownDrafts } from './draft.ts'
import {
  forgetOwner,
  type Known,
  lastKnown,
  ownerHere,
  rememberOwner,
} from './offline/last-known.ts'
import type {
  Adjustment,
  Closure,
  Line,
  Operator,
  Order,
  OrderQuote,
  Plan,
  PlanList,
  PublicClosure,
  StatementPage,
  Subscriber,
  Ticket,
} from './wire.ts'

type Items<Item> = { items: Item[] }

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (count, error) => error instanceof Unanswered && navigator.onLine && count < 2,
      retryDelay: (count) => 400 * 2 ** count,
      networkMode: 'always',
      refetchOnReconnect: true,
    },
    // Without a network an effect fails at once and is never kept for later: it may move money.
    mutations: {
      retry: (count, error) => error instanceof Unanswered && navigator.onLine && count < 1,
      networkMode: 'always',
    },
  },
})

/** For pages that are also for strangers: they ask only where somebody signed in before. */
export function wasSignedIn(): boolean {
  return ownerHere() !== null
}

export async function rememberSignedIn({ subscriberId }: Subscriber): Promise<void> {
  await ownDrafts(subscriberId)
  rememberOwner(subscriberId)
}

/** Where an old answer is at hand, a slow network is not waited for longer. */
const mePatienceMs = 4_000

/** Null when nobody is signed in; that is an answer, not an error. */
export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: async ({ signal }): Promise<Subscriber | null> => {
    const known = lastKnown()
    const patience = known && AbortSignal.any([signal, AbortSignal.timeout(mePatienceMs)])
    try {
      const me = await read<Subscriber>('/v1/me', patience ?? signal)
      await rememberSignedIn(me)
      return me
    } catch (error) {
      const out = error instanceof Refused && error.problem.status === 401
      if (out || problemCode(error) === 'account-closed') {
        forgetOwner()
        return null
      }
      if (!known || signal.aborted || error instanceof Refused) throw error
      showKnown(known)
      return known.me
    }
  },
  staleTime: 30_000,
})

/** What was seen last stands in, with its time, until there is an answer. */
function showKnown({ operator, lines, at }: Known): void {
  const fill = (queryKey: readonly string[], data: unknown, updatedAt: number) => {
    if (queryClient.getQueryData(queryKey) === undefined)
      queryClient.setQueryData(queryKey, data, { updatedAt })
  }
  fill(['operator'], operator, Date.now())
  fill(['lines'], lines, at)
  for (const line of lines) fill(['lines', line.lineId], line, at)
}

export const operatorQuery = queryOptions({
  queryKey: ['operator'],
  queryFn: ({ signal }) => read<Operator>('/v1/operator', signal),
  staleTime: Number.POSITIVE_INFINITY,
})

export const plansQuery = queryOptions({
  queryKey: ['plans'],
  queryFn: ({ signal }) => read<PlanList>('/v1/plans', signal),
  staleTime: 300_000,
})

export const planQuery = (planId: string) =>
  queryOptions({
    queryKey: ['plans', planId],
    queryFn: ({ signal }) => read<Plan>(`/v1/plans/${planId}`, signal),
    staleTime: 300_000,
  })

/** What a plan costs who is signed in; with several lines it may be less than on the shelf. */
export const orderQuoteQuery = (planId: string, steps: Adjustment | null) =>
  queryOptions({
    queryKey: ['lines', 'order-quote', planId, steps],
    queryFn: ({ signal }) => {
      const asked = new URLSearchParams({ planId })
      for (const [kind, count] of Object.entries(steps ?? {})) asked.set(kind, String(count))
      return read<OrderQuote>(`/v1/orders/quote?${asked}`, signal)
    },
    staleTime: 0,
    retry: false,
  })

/** Credit of no line. */
export const accountCreditQuery = queryOptions({
  queryKey: ['credit'],
  queryFn: async ({ signal }) => (await read<Items<Money>>('/v1/credit', signal)).items,
})

export const linesQuery = queryOptions({
  queryKey: ['lines'],
  queryFn: async ({ signal }) => (await read<Items<Line>>('/v1/lines', signal)).items,
})

export const lineQuery = (lineId: string) =>
  queryOptions({
    queryKey: ['lines', lineId],
    queryFn: ({ signal }) => read<Line>(`/v1/lines/${lineId}`, signal),
  })

export const orderQuery = (orderId: string) =>
  queryOptions({
    queryKey: ['orders', orderId],
    queryFn: ({ signal }) => read<Order>(`/v1/orders/${orderId}`, signal),
  })

export const statementQuery = infiniteQueryOptions({
  queryKey: ['statement'],
  queryFn: ({ signal, pageParam }) =>
    read<StatementPage>(`/v1/statement?limit=30${pageParam}`, signal),
  initialPageParam: '',
  getNextPageParam: (page) => cursor(page.nextCursor),
})

export const closuresQuery = queryOptions({
  queryKey: ['closures'],
  queryFn: async ({ signal }) => (await read<Items<Closure>>('/v1/closures', signal)).items,
})

export const closureQuery = (caseId: string) =>
  queryOptions({
    queryKey: ['closures', caseId],
    queryFn: ({ signal }) => read<Closure>(`/v1/closures/${caseId}`, signal),
  })

export const publicClosureQuery = (reference: string) =>
  queryOptions({
    queryKey: ['by-reference', reference],
    queryFn: ({ signal }) =>
      read<PublicClosure>(`/v1/closures/by-reference/${encodeURIComponent(reference)}`, signal),
  })

export const ticketsQuery = queryOptions({
  queryKey: ['tickets'],
  queryFn: async ({ signal }) => (await read<Items<Ticket>>('/v1/tickets', signal)).items,
})

export const ticketQuery = (ticketId: string) =>
  queryOptions({
    queryKey: ['tickets', ticketId],
    queryFn: ({ signal }) => read<Ticket>(`/v1/tickets/${ticketId}`, signal),
  })

export function cursor(next: string | null): string | undefined {
  return next === null ? undefined : `&cursor=${encodeURIComponent(next)}`
}
