import { expect, test } from 'vitest'
import {
  command,
  countListed,
  isDone,
  isDropped,
  readListed,
  readNodes,
  readShown,
} from './osmo-hlr.ts'

const imsi = '999700000000001'
const shown = [
  '    ID: 3',
  `    IMSI: ${imsi}`,
  '    MSISDN: 447700900001',
  '    VLR number: MSC-1',
  '    SGSN number: SGSN-1',
  '    PS disabled',
  '    last LU seen on CS: 2026-11-26T01:49:04+00:00 (4s ago)',
  '    3G auth: MILENAGE',
  '             K=00112233445566778899aabbccddeeff',
  '             OPC=ffeeddccbbaa99887766554433221100',
  '             IND-bitlen=5 last-SQN=161',
]

test('what show says', () => {
  expect(readShown(shown)).toEqual({
    imsi,
    msisdn: '+447700900001',
    cs: true,
    ps: false,
    k: '00112233445566778899aabbccddeeff',
    opc: 'ffeeddccbbaa99887766554433221100',
    servedBy: ['MSC-1', 'SGSN-1'],
  })
  expect(readShown([...shown, '    CS purged'])?.servedBy).toEqual(['SGSN-1'])
  expect(readShown([`    IMSI: ${imsi}`, '    MSISDN: none'])).toMatchObject({
    msisdn: null,
    k: null,
    servedBy: [],
  })
  expect(readShown([`% No subscriber for imsi = '${imsi}'`])).toBeUndefined()
  expect(() => readShown(['% Unknown command.'])).toThrow()
})

test('what the list says, and how much of it came', () => {
  const lines = [
    'ID     MSISDN        IMSI              IMEI              NAM',
    '-----  ------------  ----------------  ----------------  -----',
    `1      447700900001  ${imsi}    -------------    CSPS  `,
    '2      none          999700000000002    352099001761481   PS  ',
    '3      none          999700000000003    -------------          ',
    ' Subscribers Shown: 3',
  ]
  expect(readListed(lines)).toEqual([
    { imsi, msisdn: '+447700900001', cs: true, ps: true },
    { imsi: '999700000000002', msisdn: null, cs: false, ps: true },
    { imsi: '999700000000003', msisdn: null, cs: false, ps: false },
  ])
  expect(countListed(lines)).toBe(3)
  expect(countListed(lines.slice(0, -1))).toBeUndefined()
  expect(countListed([...lines.slice(0, 2), '% No matching subscriber(s)'])).toBe(0)
})

test('a command did what it should, or did not', () => {
  expect(isDone('created', [`% Created subscriber ${imsi}`])).toBe(true)
  expect(isDone('created', [`% Subscriber already exists for IMSI = ${imsi}`])).toBe(true)
  expect(isDone('created', ['% Not a valid IMSI: 1'])).toBe(false)
  expect(isDone('deleted', [`% No subscriber for imsi = '${imsi}'`])).toBe(true)
  expect(isDone('deleted', ['% Error: Failed to remove subscriber'])).toBe(false)
  expect(isDone('changed', [])).toBe(true)
  expect(isDone('changed', ["% Updated subscriber IMSI='1' to MSISDN='2'"])).toBe(true)
  expect(isDone('changed', [`% No subscriber for imsi = '${imsi}'`])).toBe(false)
})

test('nodes, and what one of them said', () => {
  expect(readNodes([" 'SGSN-1' from 127.0.0.1:42018, CS=0, PS=1"])).toEqual(['SGSN-1'])
  const said = `<0013> hlr.c:543 GSUP 9: SGSN-1: IMSI-${imsi} OSMO_GSUP_MSGT_DELETE_DATA_RESULT: Peer responds with: Subscriber data deleted`
  expect(isDropped(said, imsi, 'SGSN-1')).toBe(true)
  expect(isDropped(said, imsi, 'SGSN-10')).toBe(false)
  expect(isDropped(said, '999700000000002', 'SGSN-1')).toBe(false)
})

test('nothing that is no word gets into a command', () => {
  expect(command.show(imsi)).toBe(`subscriber imsi ${imsi} show`)
  expect(() => command.show('1 delete\n')).toThrow()
  expect(() => command.number(imsi, '447700900001')).toThrow()
  expect(() => command.keys(imsi, 'xyz', '0'.repeat(32))).toThrow()
})
