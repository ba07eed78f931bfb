/** The network that the configuration names. */
import type { NetworkPlace } from '../platform/config.ts'
import { type Network, openNetwork } from './gateway.ts'
import { openOsmoHlr } from './osmo-hlr-gateway.ts'
import { openWebhook } from './webhook-gateway.ts'

export function openConfiguredNetwork(place: NetworkPlace): Network {
  if (place.osmoHlr) return openOsmoHlr(place.osmoHlr)
  if (place.webhook) return openWebhook({ url: place.url, ...place.webhook })
  return openNetwork(place)
}
