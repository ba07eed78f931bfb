/** What the pages of a line read; apart from the other queries, since the first view needs none of it. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { read } from './api.ts'
import type {
  Addons,
  Adjustment,
  ChangeQuote,
  Coverage,
  Installation,
  PortIn,
  PortOut,
  Renewal,
  UsageSums,
} from './wire.ts'

export const portInQuery = (lineId: string) =>
  queryOptions({
    queryKey: ['lines', lineId, 'port-in'],
    queryFn: ({ signal }) => read<PortIn>(`/v1/lines/${lineId}/port-in`, signal),
  })

export const portOutQuery = (lineId: string) =>
  queryOptions({
    queryKey: ['lines', lineId, 'port-out'],
    queryFn: ({ signal }) => read<PortOut>(`/v1/lines/${lineId}/port-out`, signal),
  })

export const addonsQuery = (lineId: string) =>
  queryOptions({
    queryKey: ['lines', lineId, 'addons'],
    queryFn: ({ signal }) => read<Addons>(`/v1/lines/${lineId}/addons`, signal),
  })

export const renewalQuery = (lineId: string) =>
  queryOptions({
    queryKey: ['lines', lineId, 'renewal'],
    queryFn: ({ signal }) => read<Renewal>(`/v1/lines/${lineId}/renewal`, signal),
  })

export type ChangeWish = {
  when: 'now' | 'renewal'
  steps: Adjustment | null
  version?: number | undefined
  planId?: string | undefined
}

export const changeQuoteQuery = (lineId: string, { when, steps, version, planId }: ChangeWish) =>
  queryOptions({
    queryKey: ['lines', lineId, 'plan-change', when, steps, version ?? null, planId ?? null],
    queryFn: ({ signal }) => {
      const asked = new URLSearchParams({ when })
      for (const [kind, count] of Object.entries(steps ?? {})) asked.set(kind, String(count))
      if (version !== undefined) asked.set('version', String(version))
      if (planId !== undefined) asked.set('planId', planId)
      return read<ChangeQuote>(`/v1/lines/${lineId}/plan-change?${asked}`, signal)
    },
    retry: false,
  })

/** Of a plan on sale, or of a line's own version of it. */
export const coverageQuery = (of: { planId: string } | { lineId: string }) => {
  const path = 'planId' in of ? `plans/${of.planId}` : `lines/${of.lineId}`
  return queryOptions({
    queryKey: ['coverage', path],
    queryFn: ({ signal }) => read<Coverage>(`/v1/${path}/coverage`, signal),
    staleTime: 300_000,
  })
}

/** Thirty days at a time; the next end where something was used before. */
export const usageQuery = (lineId: string) =>
  infiniteQueryOptions({
    queryKey: ['lines', lineId, 'usage'],
    queryFn: ({ signal, pageParam }) =>
      read<UsageSums>(`/v1/lines/${lineId}/usage/sums${pageParam}`, signal),
    initialPageParam: '',
    getNextPageParam: ({ earlier }) => (earlier === null ? undefined : `?until=${earlier}`),
  })

export const installationQuery = (lineId: string) =>
  queryOptions({
    queryKey: ['lines', lineId, 'installation'],
    queryFn: ({ signal }) => read<Installation>(`/v1/lines/${lineId}/installation`, signal),
    staleTime: Number.POSITIVE_INFINITY,
  })
