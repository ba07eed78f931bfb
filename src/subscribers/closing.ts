/** What closing means for people: who must be identified, and what of a person is kept, until when. */
import type { Closing } from '../values/closing.ts'

const ofUser = 't.user_id in (select u.id from sign_in_user u where u.subscriber_id = any($1))'

export const closing: Closing = {
  blockers: ['identity', 'backup'],
  steps: [],
  leftovers: {
    subscriber: {
      // Who the contract was with.
      retain: { contract: { name: "''" } },
      sealed: 'name',
      traced: 'name',
      names: 'name',
      anonymise: 'country region segment locale',
      plain: 'subscriber_id state created_at closed_at exported_at version',
    },
    subscriber_contact: {
      retain: { contacts: { value: "''", removed_at: 'coalesce(removed_at, $2)' } },
      sealed: 'value',
      traced: 'value',
      plain: 'subscriber_id contact_id kind added_at verified_at',
    },
    representative: {
      retain: {
        contacts: { name: "''", email: "''", born_on: "''" },
        identity: { evidence: "''" },
      },
      sealed: 'name email born_on evidence',
      traced: 'name email evidence',
      names: 'name',
      plain: 'subscriber_id representative_id kind locale added_at added_by ended_at',
    },
    // Of an address and of a name's words only keyed hashes.
    contact_index: { erase: 'rows', plain: 'kind value subscriber_id' },
    subscriber_word: { erase: 'rows', plain: 'subscriber_id word' },
    one_time_code: {
      erase: 'rows',
      plain: `subscriber_id code_id purpose subject_id contact_id code_hash created_at expires_at tries_left used_at`,
    },
    passkey: {
      erase: 'rows',
      sealed: 'name',
      plain: `subscriber_id passkey_id credential_id public_key counter transports backed_up name created_at
        last_used_at`,
    },
    passkey_index: { erase: 'rows', plain: 'credential_id subscriber_id passkey_id' },
    passkey_challenge_used: { lives: 'PT1H', plain: 'challenge_hash expires_at' },
    sign_in_session: {
      through: ofUser,
      erase: 'rows',
      sealed: 'ip_address user_agent',
      plain: 'id expires_at token created_at updated_at ip_address user_agent user_id',
    },
    sign_in_account: {
      through: ofUser,
      erase: 'rows',
      plain: `id account_id provider_id user_id access_token refresh_token id_token access_token_expires_at
        refresh_token_expires_at scope password created_at updated_at`,
    },
    sign_in_user: {
      erase: 'rows',
      plain: 'id name email email_verified image created_at updated_at subscriber_id',
    },
    sign_in_verification: {
      lives: 'PT1H',
      plain: 'id identifier value expires_at created_at updated_at',
    },
    sign_in_rate_limit: { lives: 'P1D', plain: 'id key count last_request' },
    sign_in_ask: { lives: 'PT2H', plain: 'realm address_hash window_start asked used_at' },
  },
}
