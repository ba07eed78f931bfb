/** Questions of reviewers in rows: what was asked and answered is sealed, and one is open at a time. */
import type { Selectable } from 'kysely'
import type { Db, Trx } from '../platform/database.ts'
import { personal } from '../platform/personal.ts'
import type { ClosureQuestion } from '../platform/tables.ts'
import type { Question } from './case.ts'
import type { CaseKey } from './store.ts'

/** The oldest first. */
export async function questionsOf(
  db: Db | Trx,
  { subscriberId, caseId }: CaseKey,
): Promise<Question[]> {
  const rows = await db
    .selectFrom('closure_question')
    .selectAll()
    .where('subscriber_id', '=', subscriberId)
    .where('case_id', '=', caseId)
    .orderBy('asked_at')
    .orderBy('question_id')
    .execute()
  return rows.map(fromRow)
}

const fromRow = (row: Selectable<ClosureQuestion>): Question => ({
  questionId: row.question_id,
  text: row.question,
  askedAt: row.asked_at,
  answer: row.answer,
  leftMs: Number(row.left_ms),
  endedAt: row.ended_at,
})

type NewQuestion = Pick<Question, 'questionId' | 'text' | 'askedAt' | 'leftMs'> & { by: string }

export async function insertQuestion(trx: Trx, c: CaseKey, asked: NewQuestion): Promise<void> {
  await trx
    .insertInto('closure_question')
    .values({
      subscriber_id: c.subscriberId,
      question_id: asked.questionId,
      case_id: c.caseId,
      asked_by: asked.by,
      asked_at: asked.askedAt,
      question: sealed(c, asked.questionId, 'question', asked.text),
      left_ms: BigInt(asked.leftMs),
    })
    .execute()
}

type Said = { questionId: string; answer: string }

/** Whether one was open, which is over now; with the answer, where there is one. */
export async function endQuestion(
  trx: Trx,
  c: CaseKey,
  now: Temporal.Instant,
  said?: Said,
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('closure_question')
    .set({
      ended_at: now,
      ...(said && { answer: sealed(c, said.questionId, 'answer', said.answer) }),
    })
    .where('subscriber_id', '=', c.subscriberId)
    .where('case_id', '=', c.caseId)
    .where('ended_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

function sealed({ subscriberId }: CaseKey, record: string, column: string, text: string) {
  const field = `closure_question.${column}`
  return personal({ subscriberId, category: 'contacts', field, record }, text)
}
