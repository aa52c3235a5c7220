import type { MailboxKey } from '../mailboxes/mailboxes.ts';
import type { Placed } from '../mailboxes/placed.ts';
import type { Db } from '../store/database.ts';
import { type Cursor, readUnheld, START } from './unheld.ts';

/** A message in a mailbox that a run would remove. */
export interface Due {
  readonly placed: Placed;
  readonly mailbox: MailboxKey;
}

/** What has to have expired for how long. */
export interface Removal {
  /** The instant of the run. */
  readonly at: Date;
  /** How long after its expiry a message stays, in ms. */
  readonly graceMs: number;
}

/**
 * What a run at this instant removes, `limit` messages at a time less what is held of them, in the order it does: expired for
 * longer than the grace time, and covered by no hold. The preview and the run both ask here.
 */
export async function* dueForRemoval(
  db: Db,
  { at, graceMs }: Removal,
  { limit }: { readonly limit: number },
): AsyncIterable<readonly Due[]> {
  const expiredBy = new Date(at.getTime() - graceMs).toISOString();
  const selection = { where: 'm.expires_at <= ?', bindings: [expiredBy], by: 'expires_at' } as const;
  for (let after: Cursor | undefined = START; after; ) {
    const page = await readUnheld(db, selection, after, limit);
    yield page.unheld.map(({ placed, mailbox }) => ({ placed, mailbox }));
    after = page.after;
  }
}

const PAGE = 1_000;

/** All of them, a thousand in memory at a time. */
export async function* allDue(db: Db, removal: Removal): AsyncIterable<Due> {
  for await (const page of dueForRemoval(db, removal, { limit: PAGE })) yield* page;
}
