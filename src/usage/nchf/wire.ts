/** Nchf_ConvergedCharging as Violet reads and answers it: the part of 3GPP TS 32.291 §6.1.6 that charging needs. */
import { z } from 'zod'

const uint32 = z.int().min(0).max(4_294_967_295)
/** Uint64 of TS 29.571, up to a petabyte: beyond that a counter has gone wrong, and JSON numbers lose digits. */
const uint64 = z.int().min(0).max(1_000_000_000_000_000)
const dateTime = z.iso.datetime({ offset: true })
const plmnId = z.object({
  mcc: z.string().regex(/^\d{3}$/),
  mnc: z.string().regex(/^\d{2,3}$/),
})
// Enumerations of TS 32.291 are open: a value of a later release is no error.
const open = z.string().max(100)

const nfIdentification = z.object({
  nodeFunctionality: open,
  nFName: z.string().max(200).optional(),
  nFPLMNID: plmnId.optional(),
})

const units = {
  time: uint32.optional(),
  totalVolume: uint64.optional(),
  uplinkVolume: uint64.optional(),
  downlinkVolume: uint64.optional(),
  serviceSpecificUnits: uint64.optional(),
}
export const unitsWire = z.object(units)

const trackingArea = z.object({ tai: z.object({ plmnId }).optional() })
const userLocation = z.object({
  nrLocation: trackingArea.optional(),
  eutraLocation: trackingArea.optional(),
})

export const usedUnitWire = z.object({
  ...units,
  localSequenceNumber: z.int(),
  triggerTimestamp: dateTime.optional(),
  pDUContainerInformation: z
    .object({
      timeofFirstUsage: dateTime.optional(),
      timeofLastUsage: dateTime.optional(),
      userLocationInformation: userLocation.optional(),
    })
    .optional(),
})

export const unitUsageWire = z.object({
  ratingGroup: uint32,
  requestedUnit: unitsWire.optional(),
  usedUnitContainer: z.array(usedUnitWire).max(100).optional(),
})

const pduSession = z.object({
  userInformation: z.object({ servedGPSI: z.string().max(200).optional() }).optional(),
  userLocationinfo: userLocation.optional(),
  pduSessionInformation: z
    .object({
      servingCNPlmnId: plmnId.optional(),
      servingNetworkFunctionID: z
        .object({ servingNetworkFunctionInformation: nfIdentification.optional() })
        .optional(),
    })
    .optional(),
})

export const chargingDataRequestWire = z.object({
  subscriberIdentifier: z.string().max(200).optional(),
  nfConsumerIdentification: nfIdentification,
  invocationTimeStamp: dateTime,
  invocationSequenceNumber: uint32,
  oneTimeEvent: z.boolean().optional(),
  oneTimeEventType: open.optional(),
  notifyUri: z.string().max(500).optional(),
  multipleUnitUsage: z.array(unitUsageWire).max(50).optional(),
  pDUSessionChargingInformation: pduSession.optional(),
  sMSChargingInformation: z.object({ userLocationinfo: userLocation.optional() }).optional(),
})

export type ChargingDataRequest = z.output<typeof chargingDataRequestWire>
export type UnitUsage = z.output<typeof unitUsageWire>
export type UsedUnit = z.output<typeof usedUnitWire>
export type Units = z.output<typeof unitsWire>
export type UserLocation = z.output<typeof userLocation>
export type PlmnId = z.output<typeof plmnId>

export type ResultCode =
  | 'SUCCESS'
  | 'END_USER_SERVICE_DENIED'
  | 'QUOTA_LIMIT_REACHED'
  | 'RATING_FAILED'

export type GrantedUnit =
  | { time: number }
  | { totalVolume: number }
  | { serviceSpecificUnits: number }

export type UnitInformation = {
  ratingGroup: number
  resultCode: ResultCode
  grantedUnit?: GrantedUnit
  validityTime?: number
  volumeQuotaThreshold?: number
  timeQuotaThreshold?: number
  unitQuotaThreshold?: number
  finalUnitIndication?: { finalUnitAction: 'TERMINATE' }
}

export type ChargingDataResponse = {
  invocationTimeStamp: string
  invocationSequenceNumber: number
  multipleUnitInformation?: UnitInformation[]
  triggers?: { triggerType: string; triggerCategory: 'IMMEDIATE_REPORT' }[]
}
