/** A PostgreSQL that restarts: every connection ends, and whoever held one has noticed before anything else happens. */
import { setImmediate as turn } from 'node:timers/promises'
import type pg from 'pg'

export type Restarting = {
  /** A connection that a process has in its hands, and gives back. */
  lend(client: pg.PoolClient): void
  take(client: pg.PoolClient, error?: Error): void
  restart(): Promise<void>
  restarts(): number
}

/** What the server says while it ends, and what the driver says of a connection that has ended. */
const ignore = () => undefined

/** `pools` hold all connections but those of the eyes, which ask whether the others are gone. */
export function openRestarting(eyes: pg.Pool, pools: () => readonly pg.Pool[]): Restarting {
  const lent = new Set<pg.PoolClient>()
  const ends = new WeakMap<pg.PoolClient, Promise<void>>()
  const endOf = (client: pg.PoolClient) => {
    const end = ends.get(client) ?? new Promise<void>((gone) => client.once('end', () => gone()))
    ends.set(client, end)
    return end
  }
  let restarts = 0
  return {
    lend(client) {
      client.on('error', ignore)
      void endOf(client)
      lent.add(client)
    },
    take(client, error) {
      if (!lent.delete(client)) return
      client.removeListener('error', ignore)
      client.release(error)
    },
    async restart() {
      restarts += 1
      const noticed = [...lent].map(endOf)
      await eyes.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid()`,
      )
      for (;;) {
        const { rows } = await eyes.query<{ n: bigint }>(
          `select count(*)::int8 as n from pg_stat_activity
           where datname = current_database() and pid <> pg_backend_pid()
             and backend_type = 'client backend'`,
        )
        if (rows[0]?.n === 0n) break
      }
      await Promise.all(noticed)
      while (pools().some(({ idleCount }) => idleCount > 0)) await turn()
    },
    restarts: () => restarts,
  }
}
