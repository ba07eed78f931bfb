/** What the console reads, each with one key; lists are cursor pages. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { read, Refused } from '../portal/api.ts'
import type { Locale } from '../values/locale.ts'
import type {
  AuditPage,
  BulkPage,
  BulkView,
  CaseState,
  IntakePage,
  Erasure,
  ErasurePage,
  NumberStock,
  Policy,
  PolicyDraft,
  PolicyReplay,
  PolicyVersions,
  QueuePage,
  RefundPage,
  RejectPage,
  Staff,
  StaffCase,
  StaffIntake,
  StaffPort,
  StaffTicket,
  Statistics,
  SubscriberPage,
  TicketPage,
  UnclaimedPage,
  UsageReject,
} from './wire.ts'

type Paged = { nextCursor: string | null }
const refreshMs = 20_000

/** Null when nobody is signed in; that is an answer, not an error. */
export const staffQuery = queryOptions({
  queryKey: ['staff', 'me'],
  queryFn: async ({ signal }): Promise<Staff | null> => {
    try {
      return await read<Staff>('/v1/staff/me', signal)
    } catch (error) {
      if (error instanceof Refused && error.problem.status === 401) return null
      throw error
    }
  },
  staleTime: 60_000,
})

function pages<Page extends Paged>(key: readonly string[], path: string, params: Params = {}) {
  return infiniteQueryOptions({
    queryKey: ['staff', ...key, params],
    queryFn: ({ signal, pageParam }) =>
      read<Page>(address(path, { ...params, cursor: pageParam }), signal),
    initialPageParam: '',
    getNextPageParam: (page: Page) => page.nextCursor ?? undefined,
  })
}

type Params = Record<string, string>

function address(path: string, params: Params): string {
  const given = Object.entries({ limit: '50', ...params }).filter(([, value]) => value !== '')
  return `${path}?${new URLSearchParams(given)}`
}

/** Fresh every twenty seconds: a colleague may have decided meanwhile. */
export const queueQuery = (state: CaseState) => ({
  ...pages<QueuePage>(['closures'], '/v1/staff/closures', { state }),
  refetchInterval: refreshMs,
})

/** One row is enough: the counts of every state come with it. */
export const countsQuery = queryOptions({
  queryKey: ['staff', 'closures', 'counts'],
  queryFn: async ({ signal }) =>
    (await read<QueuePage>('/v1/staff/closures?state=in_review&limit=1', signal)).counts,
  refetchInterval: refreshMs,
})

export const caseQuery = (caseId: string) =>
  queryOptions({
    queryKey: ['staff', 'case', caseId],
    queryFn: ({ signal }) => read<StaffCase>(`/v1/staff/closures/${caseId}`, signal),
    refetchInterval: refreshMs,
  })

export const intakesQuery = (state: string) => ({
  ...pages<IntakePage>(['intakes'], '/v1/staff/closure-intakes', { state }),
  refetchInterval: refreshMs,
})

export const intakeQuery = (caseId: string) =>
  queryOptions({
    queryKey: ['staff', 'intakes', 'one', caseId],
    queryFn: ({ signal }) => read<StaffIntake>(`/v1/staff/closure-intakes/${caseId}`, signal),
    refetchInterval: refreshMs,
  })

export const refundsQuery = pages<RefundPage>(['refunds'], '/v1/staff/refunds')
export const unclaimedQuery = (state: string) =>
  pages<UnclaimedPage>(['unclaimed'], '/v1/staff/unclaimed', { state })
export const auditQuery = pages<AuditPage>(['audit'], '/v1/staff/audit')

/** Every look is recorded by name, so nothing is asked again unless a person asks. */
export const subscribersQuery = (query: string) => ({
  ...pages<SubscriberPage>(['subscribers'], '/v1/staff/subscribers', { query }),
  staleTime: 300_000,
  refetchOnWindowFocus: false,
})

export const ticketsQuery = (state: string) =>
  pages<TicketPage>(['tickets'], '/v1/staff/tickets', { state })

export const rejectsQuery = (state: string, reason: string) =>
  pages<RejectPage>(['rejects'], '/v1/staff/usage/rejects', { state, reason })

export const rejectQuery = (rejectId: string) =>
  queryOptions({
    queryKey: ['staff', 'rejects', 'one', rejectId],
    queryFn: ({ signal }) =>
      read<UsageReject>(`/v1/staff/usage/rejects/${encodeURIComponent(rejectId)}`, signal),
  })

export const bulksQuery = {
  ...pages<BulkPage>(['bulk'], '/v1/staff/bulk-closures'),
  refetchInterval: refreshMs,
}

const bulkRefreshMs = 2000

/** Fresh every two seconds while lines close, or are given back. */
export const bulkQuery = (bulkId: string) =>
  queryOptions({
    queryKey: ['staff', 'bulk', 'one', bulkId],
    queryFn: ({ signal }) => read<BulkView>(`/v1/staff/bulk-closures/${bulkId}`, signal),
    refetchInterval: ({ state: { data } }) =>
      data?.state === 'running' || data?.progress.givingBack ? bulkRefreshMs : refreshMs,
  })

export const erasuresQuery = (state: string) =>
  pages<ErasurePage>(['erasures'], '/v1/staff/erasures', { state })

const scanRefreshMs = 1000

/** Fresh every second while it is looked for what is left. */
export const erasureQuery = (caseId: string) =>
  queryOptions({
    queryKey: ['staff', 'erasures', 'one', caseId],
    queryFn: ({ signal }) => read<Erasure>(`/v1/staff/closures/${caseId}/erasure`, signal),
    refetchInterval: ({ state: { data } }) =>
      data?.scan?.state === 'running' ? scanRefreshMs : refreshMs,
  })

export const portsQuery = queryOptions({
  queryKey: ['staff', 'ports'],
  queryFn: async ({ signal }) =>
    (await read<{ items: StaffPort[] }>('/v1/staff/ports', signal)).items,
  refetchInterval: refreshMs,
})

export const numbersQuery = queryOptions({
  queryKey: ['staff', 'numbers'],
  queryFn: async ({ signal }) =>
    (await read<{ items: NumberStock[] }>('/v1/staff/numbers', signal)).items,
})

export const policiesQuery = queryOptions({
  queryKey: ['staff', 'policies'],
  queryFn: async ({ signal }) =>
    (await read<{ items: Policy[] }>('/v1/staff/policies', signal)).items,
  staleTime: 60_000,
})

export const policyVersionsQuery = (country: string) =>
  queryOptions({
    queryKey: ['staff', 'policies', country, 'versions'],
    queryFn: async ({ signal }) =>
      (await read<PolicyVersions>(`/v1/staff/policies/${country}/versions`, signal)).items,
  })

export const policyVersionQuery = (country: string, version: string) =>
  queryOptions({
    queryKey: ['staff', 'policies', country, version],
    queryFn: ({ signal }) =>
      read<Policy>(`/v1/staff/policies/${country}/versions/${version}`, signal),
    staleTime: Infinity,
  })

/** What is wrong with it is said in a language; what was said in another is not kept. */
export const policyDraftQuery = (country: string, locale: Locale) =>
  queryOptions({
    queryKey: ['staff', 'policy-draft', country, locale],
    gcTime: 0,
    queryFn: ({ signal }) => read<PolicyDraft>(`/v1/staff/policies/${country}/draft`, signal),
  })

/** Of one version of the draft; looked at again, it is asked again. */
export const policyReplayQuery = (country: string, version: number) =>
  queryOptions({
    queryKey: ['staff', 'policy-replay', country, version],
    queryFn: ({ signal }) =>
      read<PolicyReplay>(`/v1/staff/policies/${country}/draft/replay`, signal),
    refetchOnWindowFocus: false,
  })

export const statisticsQuery = queryOptions({
  queryKey: ['staff', 'statistics'],
  queryFn: ({ signal }) => read<Statistics>('/v1/staff/statistics', signal),
})

export type Jwk = { kid: string; kty: string; crv?: string; x?: string; alg?: string; use?: string }

export const signatureKeysQuery = queryOptions({
  queryKey: ['closure-keys'],
  queryFn: async ({ signal }) =>
    (await read<{ keys: Jwk[] }>('/.well-known/closure-keys.json', signal)).keys,
})

/** The API lists tickets and names none alone: look through the pages until the one asked for is
 * there. */
async function seek<Item>(
  path: string,
  params: Params,
  isIt: (item: Item) => boolean,
  signal: AbortSignal,
): Promise<Item | undefined> {
  let cursor = ''
  for (let page = 0; page < pagesSoughtMax; page += 1) {
    const { items, nextCursor } = await read<{ items: Item[]; nextCursor: string | null }>(
      address(path, { ...params, limit: '100', cursor }),
      signal,
    )
    const found = items.find(isIt)
    if (found || nextCursor === null) return found
    cursor = nextCursor
  }
  return undefined
}

const pagesSoughtMax = 20

/** Null when there is none. */
export const ticketQuery = (ticketId: string) =>
  queryOptions({
    queryKey: ['staff', 'tickets', 'one', ticketId],
    queryFn: async ({ signal }): Promise<StaffTicket | null> => {
      const isIt = (ticket: StaffTicket) => ticket.ticketId === ticketId
      return (await seek('/v1/staff/tickets', {}, isIt, signal)) ?? null
    },
    refetchInterval: refreshMs,
  })
