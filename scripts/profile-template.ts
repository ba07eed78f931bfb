/** Writes the template of a USIM profile that comes with Violet: `node scripts/profile-template.ts`. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { integer, octets, oid, text, tlv } from '../src/esim/sgp22/der-write.ts'

const hex = (digits: string): Buffer => Buffer.from(digits.replaceAll(' ', ''), 'hex')
const nothing = (tag: number): Buffer => tlv(tag)
const header = (identification: number): Buffer =>
  tlv(0xa0, nothing(0x80), integer(identification, 0x81))

/** File: a descriptor where the template's own does not do, then contents. */
const file = (tag: number, content: string, descriptor?: Buffer): Buffer =>
  tlv(tag, ...(descriptor ? [descriptor] : []), octets(hex(content), 0x83))

const usimAid = 'a0000000871002ff33ff018900000100'

/** Access rules in expanded format (TS 102 221 §9.2.7), one per record, FF to the record's end. */
const readAlways = '800101 9000 800102 a406 83010a 950108 800158 a406 83010a 950108'
const readByPin = '800101 a406 830101 950108 800102 a406 83010a 950108'
const updateByPin = '800103 a406 830101 950108 800158 a406 83010a 950108'
const accessRules = (tag: number): Buffer => {
  const bytes = 0x26
  const records = [readAlways, readByPin, updateByPin].map((rule) =>
    Buffer.concat([hex(rule), Buffer.alloc(bytes, 0xff)]).subarray(0, bytes),
  )
  const descriptor = tlv(
    0xa1,
    octets(hex(`422100 ${bytes.toString(16)}`), 0x82),
    octets(Buffer.of(bytes * 3), 0x80),
  )
  return tlv(tag, descriptor, octets(Buffer.concat(records), 0x83))
}

const profileHeader = tlv(
  0xa0,
  integer(2, 0x80),
  integer(3, 0x81),
  text('Violet test USIM', 0x82),
  octets(hex('89449900000000000000'), 0x83),
  // usim, milenage
  tlv(0xa5, nothing(0x81), nothing(0x84)),
  tlv(0xa6, oid('2.23.143.1.2.1'), oid('2.23.143.1.2.4'), oid('2.23.143.1.2.5')),
)

const masterFile = tlv(
  0xb0,
  header(1),
  oid('2.23.143.1.2.1', 0x81),
  // PIN status: the global PIN and the first administrative key.
  tlv(0xa2, tlv(0xa1, octets(hex('01020a'), 0xc6))),
  tlv(0xa3, tlv(0xa1, octets(hex('01'), 0x8b))),
  file(0xa4, '98449900000000000000'),
  file(
    0xa5,
    `61184f10${usimAid}50045553494d ffffffffffffffffffffffff`,
    tlv(0xa1, octets(hex('42210026'), 0x82), octets(hex('26'), 0x80)),
  ),
  accessRules(0xa6),
)

const pukCodes = tlv(
  0xa3,
  header(2),
  tlv(0xa1, tlv(0x30, integer(1, 0x80), octets(hex('3030303030303030'), 0x81))),
)

const pinCodes = tlv(
  0xa2,
  header(3),
  tlv(
    0xa1,
    tlv(
      0xa0,
      tlv(
        0x30,
        integer(1, 0x80),
        octets(hex('30303030ffffffff'), 0x81),
        integer(1, 0x82),
        // Changeable, and off until the subscriber turns it on.
        integer(6, 0x83),
      ),
      tlv(0x30, integer(0x0a, 0x80), octets(hex('3030303030303030'), 0x81), integer(1, 0x83)),
    ),
  ),
)

const usim = tlv(
  0xb3,
  header(4),
  oid('2.23.143.1.2.4', 0x81),
  tlv(
    0xa2,
    tlv(0xa1, octets(hex('7fd0'), 0x83), octets(hex(usimAid), 0x84), octets(hex('01020a'), 0xc6)),
  ),
  file(0xa3, '080910101010101010'),
  accessRules(0xa4),
  // Services: MSISDN, SPN, GSM access, enabled services, AKA.
  file(0xa8, '0a2e178ce73204000000000000'),
  file(0xad, `00 ${'ff'.repeat(16)}`),
  file(0xae, '00'),
  file(0xb2, '0001'),
  // UE operation: normal; an MNC of two digits.
  file(0xb5, '00000002'),
  file(0xb6, '19f1ff01'),
)

const optionalUsim = tlv(
  0xb4,
  header(5),
  oid('2.23.143.1.2.5', 0x81),
  file(0xa7, 'ff'.repeat(0x22), tlv(0xa1, octets(hex('42210022'), 0x82), octets(hex('22'), 0x80))),
)

const authentication = tlv(
  0xa4,
  header(6),
  tlv(
    0xa1,
    tlv(
      0xa1,
      integer(1, 0x80),
      octets(hex('01'), 0x81),
      octets(Buffer.alloc(16), 0x82),
      octets(Buffer.alloc(16), 0x83),
    ),
  ),
)

/** The operator's security domain without keys: no over-the-air management until an operator brings its own. */
const securityDomain = tlv(
  0xa6,
  header(7),
  tlv(
    0xa1,
    octets(hex('a0000001515350'), 0x4f),
    octets(hex('a000000151535041'), 0x4f),
    octets(hex('a000000151000000'), 0x4f),
    octets(hex('82dc00'), 0x82),
    octets(hex('0f'), 0x83),
    octets(hex('810280008201f08701f0'), 0xc9),
  ),
)

export const usimTemplate: Buffer = Buffer.concat([
  profileHeader,
  masterFile,
  pukCodes,
  pinCodes,
  usim,
  optionalUsim,
  authentication,
  securityDomain,
  tlv(0xaa, header(8)),
])

export const usimTemplateFile = join(
  import.meta.dirname,
  '../src/esim/sgp22/templates/violet-test-usim.der',
)

if (import.meta.main) writeFileSync(usimTemplateFile, usimTemplate)
