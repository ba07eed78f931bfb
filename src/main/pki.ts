/** `violet pki init`: certificates and keys to try remote provisioning with, for test eUICCs only. */
import { initPki, type PkiOptions } from '../esim/pki-gateway.ts'

export async function pkiCommand(
  folder: string,
  { json, ...options }: PkiOptions & { json: boolean },
  write: (text: string) => void = (text) => process.stdout.write(text),
): Promise<number> {
  const made = await initPki(folder, options, Date.now())
  write(
    json
      ? `${JSON.stringify({ ...made, testOnly: true })}\n`
      : `Test certificates for ${made.host} and ${made.eids.length} test eUICCs are in ${made.folder}.\n` +
          'They work with test eUICCs only; phones that are sold do not accept them.\n',
  )
  return 0
}
