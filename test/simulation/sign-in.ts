/** Signing in with a code, as often as it takes. */
import { hours, minutes, ok, post, type Program, say, seconds, wait } from './ask.ts'

export function* signIn(path: string, email: string, locale: string): Program {
  for (let round = 0; round < 8; round += 1) {
    yield post(`${path}/code`, { email, locale })
    const { body: code } = yield { do: 'read-code', to: email, sinceMs: 15 * minutes }
    if (code) {
      const answer = yield post(path, { email, code, ...(path === '/v1/sign-in' && { locale }) })
      if (ok(answer)) {
        yield say('signs in')
        return
      }
    }
    yield wait(round < 4 ? 90 * seconds : 3 * hours)
  }
}
