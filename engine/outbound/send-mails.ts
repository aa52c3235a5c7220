import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import { audit } from '../store/audit.ts';
import type { Db } from '../store/database.ts';
import { inTransaction } from '../store/transaction.ts';
import { isMailAddress, noteOutcome } from './mail-addresses.ts';
import type { MailAnswer, MailOutlet } from './mail-outlet.ts';
import { claimMail, dueMails, findMail, type MailState, putBack, type StoredMail, settleMail } from './mails.ts';

export interface SendDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Logger;
  /** Opens the way out, when there is something to send. */
  readonly openOutlet: () => MailOutlet;
  /** A mail that was deferred for so long is given up, in ms. */
  readonly giveUpMs: number;
  /** Throws when this process may not go on. */
  readonly proceed?: () => void;
}

const PAGE = 50;
const CLAIM_MS = 600_000; // longer than a mail takes, whatever the server does
const FIRST_PAUSE_MS = 60_000;
const MOST_PAUSE_MS = 3_600_000;
const AWAY_PAUSE_MS = 60_000;

/**
 * Sends what is due, one after the other. What the server defers (4xx) waits a minute, doubled up to an hour, and is given up
 * after `giveUpMs`; what it refuses (5xx) is at its end. While no server answers nothing is given up or counted, and the round ends.
 * A mail that was sent as the process died is sent again under the same Message-ID.
 *
 * @returns how many were sent.
 */
export async function sendMails(deps: SendDeps): Promise<number> {
  const { db, clock, proceed } = deps;
  let [sent, outlet]: [number, MailOutlet | undefined] = [0, undefined];
  try {
    for (let page = await dueMails(db, clock(), PAGE); page.length > 0; page = await dueMails(db, clock(), PAGE)) {
      for (const mail of page) {
        proceed?.();
        outlet ??= deps.openOutlet();
        const answer = await sendOne(deps, outlet, mail);
        if (answer === 'accepted') sent += 1;
        if (answer === 'unreachable') return sent;
      }
    }
  } finally {
    outlet?.close();
  }
  return sent;
}

async function sendOne(deps: SendDeps, outlet: MailOutlet, mail: StoredMail): Promise<MailAnswer['kind'] | 'taken'> {
  const { db, clock } = deps;
  if (!(await claimMail(db, mail, new Date(clock().getTime() + CLAIM_MS)))) return 'taken';
  const answer = isMailAddress(mail.address) ? await outlet.send(mail) : NO_ADDRESS;
  await settle(deps, mail, answer);
  return answer.kind;
}

const NO_ADDRESS: MailAnswer = { kind: 'refused', text: 'this is no e-mail address' };

async function settle({ db, clock, log, giveUpMs }: SendDeps, mail: StoredMail, answer: MailAnswer): Promise<void> {
  const now = clock();
  if (answer.kind === 'unreachable') {
    log.warn({ mail: mail.id, reason: answer.text }, 'mail server is away');
    return putBack(db, mail.id, { dueAt: later(now, AWAY_PAUSE_MS), answer: answer.text, counted: false });
  }
  const old = now.getTime() - new Date(mail.createdAt).getTime() >= giveUpMs;
  if (answer.kind === 'deferred' && !old) {
    const pauseMs = Math.min(MOST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(mail.attempts, 10));
    return putBack(db, mail.id, { dueAt: later(now, pauseMs), answer: answer.text, counted: true });
  }
  const state = answer.kind === 'accepted' ? 'sent' : answer.kind === 'refused' ? 'refused' : 'expired';
  await endMail(db, mail, { state, answer: answer.text, now });
  log.info({ mail: mail.id, kind: mail.kind, state }, 'mail settled');
}

const later = (now: Date, ms: number) => new Date(now.getTime() + ms);

interface End {
  readonly state: Exclude<MailState, 'queued'>;
  readonly answer: string;
  readonly now: Date;
}

/** The end of a mail, what its address is held to be since, and the audit line: all or nothing. */
function endMail(db: Db, { id, mailbox, address, kind }: StoredMail, { state, answer, now }: End): Promise<boolean> {
  return inTransaction(db, async (tx) => {
    if (!(await settleMail(tx, id, { state, answer, now }))) return false;
    await noteOutcome(tx, { mailbox, address }, state === 'sent' ? undefined : answer, now);
    const what = state === 'sent' ? 'mail sent' : 'mail failed';
    await audit(tx, { at: now, who: 'engine', what, subject: id, outcome: state, facts: { mailbox, kind } });
    return true;
  });
}

/** Notes that a mail that was sent came back. @returns false when no such mail was sent, or it is known to have bounced. */
export async function noteBounce(db: Db, id: string, { answer, now }: Omit<End, 'state'>): Promise<boolean> {
  const mail = await findMail(db, id);
  return mail?.state === 'sent' ? endMail(db, mail, { state: 'bounced', answer, now }) : false;
}
