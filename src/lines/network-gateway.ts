/** The network that the configuration names. */
import type { NetworkPlace } from '../platform/config.ts'
import { type Network, openNetwork } from './gateway.ts'
import { openOsmoHlr } from './osmo-hlr-gateway.ts'

export function openConfiguredNetwork(place: NetworkPlace): Network {
  return place.osmoHlr ? openOsmoHlr(place.osmoHlr) : openNetwork(place)
}
