/** What the pages of the account read; apart from the other queries, since the first view needs none of it. */
import { queryOptions } from '@tanstack/react-query'
import { read } from './api.ts'
import type { Device, NoticeTopic, Passkey, PaymentMethod } from './wire.ts'

type Items<Item> = { items: Item[] }

export const devicesQuery = queryOptions({
  queryKey: ['devices'],
  queryFn: async ({ signal }) => (await read<Items<Device>>('/v1/me/devices', signal)).items,
})

export const passkeysQuery = queryOptions({
  queryKey: ['passkeys'],
  queryFn: async ({ signal }) => (await read<Items<Passkey>>('/v1/me/passkeys', signal)).items,
})

export const cardsQuery = queryOptions({
  queryKey: ['cards'],
  queryFn: async ({ signal }) =>
    (await read<Items<PaymentMethod>>('/v1/me/payment-methods', signal)).items,
})

export const noticesQuery = queryOptions({
  queryKey: ['notices'],
  queryFn: async ({ signal }) => (await read<Items<NoticeTopic>>('/v1/me/notices', signal)).items,
})
