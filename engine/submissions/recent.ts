import type { Db } from '../store/database.ts';
import type { SubmissionState } from './submissions.ts';

/** How many of the latest submissions are in one state with one result. */
export interface SubmissionCount {
  readonly state: SubmissionState;
  /** `pending` while not decided. */
  readonly result: 'accepted' | 'refused' | 'pending';
  readonly count: number;
}

const RESULTS = { '1': 'accepted', '0': 'refused' } as const;

/**
 * Counts the submissions received since an instant, the latest `limit` of them at most, by state and result. Walks the
 * index on the time of receipt and reads one row for each: the cost follows what came lately, never what is stored.
 */
export async function countRecentSubmissions(db: Db, since: Date, limit: number): Promise<SubmissionCount[]> {
  const latest = db('submissions')
    .select('state', 'result_code')
    .where('received_at', '>=', since.toISOString())
    .orderBy('received_at', 'desc')
    .limit(limit)
    .as('latest');
  const rows = await db.select('state', 'result_code').count('* as count').from(latest).groupBy('state', 'result_code');
  return rows.map(({ state, result_code: code, count }) => ({
    state,
    result: RESULTS[String(code) as keyof typeof RESULTS] ?? 'pending',
    count: Number(count),
  }));
}
