/** Starts one throw-away PostgreSQL for the test run, with a migrated template that every test file copies. */
import { pino } from 'pino'
import type { TestProject } from 'vitest/node'
import { seed } from '../src/main/seed.ts'
import { allQueues } from '../src/main/wiring.ts'
import { startThrowAwayCluster } from '../src/platform/cluster.ts'
import { openDatabase, openPool } from '../src/platform/database.ts'
import { makePlatformKeys } from '../src/platform/key-life.ts'
import { migrate } from '../src/platform/migrate.ts'
import { openQueue } from '../src/platform/queue.ts'
import { asAdmin, testKeys } from './database.ts'

declare module 'vitest' {
  interface ProvidedContext {
    adminUrl: string
    /** A migrated database, to be copied. */
    template: string
    /** The same with the seeded operator. */
    seeded: string
  }
}

export default async function setup(project: TestProject) {
  const cluster = await startThrowAwayCluster()
  const adminUrl = cluster.url('postgres')
  const template = `template_${process.pid}`
  const seeded = `${template}_seeded`
  await asAdmin(adminUrl, `create database ${template}`)
  await migrate(cluster.url(template))
  await makeKeys(cluster.url(template))
  const queue = await openQueue(cluster.url(template), pino({ level: 'silent' }), allQueues)
  await queue.close()
  await asAdmin(adminUrl, `create database ${seeded} template ${template} strategy file_copy`)
  await seed({ databaseUrl: cluster.url(seeded), ...testKeys })
  project.provide('adminUrl', adminUrl)
  project.provide('template', template)
  project.provide('seeded', seeded)
  return () => cluster.stop()
}

async function makeKeys(url: string) {
  const db = openDatabase(openPool(url, 1))
  await makePlatformKeys(db, testKeys)
  await db.destroy()
}
