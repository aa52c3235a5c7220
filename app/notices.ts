import { runProgram } from '../engine/jobs/alert-program.ts';
import { openMailbox } from '../engine/mailboxes/mailboxes.ts';
import { queueMail } from '../engine/outbound/mails.ts';
import type { Notice, TellNotice } from '../engine/registry/notices.ts';
import { findOrganisation } from '../engine/registry/organisations.ts';
import type { Db } from '../engine/store/database.ts';
import { inTransaction } from '../engine/store/transaction.ts';
import type { Base } from './base.ts';

const WITHIN_MS = 10_000;

/** Notices go to whoever manages the organisation and to the operator by mail, to the operator's program of alerts as JSON, and to the log. */
export function createTellNotice({
  config,
  db,
  log,
  clock,
}: Pick<Base, 'config' | 'db' | 'log' | 'clock'>): TellNotice {
  return async (notice) => {
    const { kind, subject, organisation, facts } = notice;
    if (config.mail.smtp !== '')
      await inTransaction(db, (tx) => queueNotice(tx, notice, config.mail.operator, clock()));
    const { command } = config.alerts;
    if (command.length > 0) await runProgram(command, noticeJson(notice), WITHIN_MS);
    log.warn({ notice: kind, organisation, ...facts }, subject);
  };
}

/** The same notice again is the same mail. */
async function queueNotice(tx: Db, notice: Notice, operator: string, now: Date): Promise<void> {
  const { organisation: number, address: manager = '', facts } = notice;
  const organisation = await findOrganisation(tx, number);
  if (!organisation) return;
  const { language, names, mailboxType } = organisation;
  const mailbox = await openMailbox(tx, { kind: mailboxType, eboxId: number }, now);
  const days = Number(facts['days']);
  const name = names[language];
  const told = { enterprise: number, days, reference: String(facts['serial']), ...(name !== undefined && { name }) };
  const key = `${String(facts['fingerprint']).replaceAll(':', '').slice(0, 64)} ${days}`;
  const about = { mailbox: mailbox.id, language, kind: 'certificate', key, facts: told } as const;
  const addresses = new Set([manager, operator].filter((address) => address !== ''));
  for (const address of addresses) await queueMail(tx, { ...about, address }, now);
}

/** What the program reads: one line of JSON, with `transition` `notice` to tell it from an alert. */
function noticeJson({ id, kind, subject, organisation, address, at, facts }: Notice): string {
  const text = { id, transition: 'notice', name: kind, subject: organisation, detail: subject, raisedAt: at };
  return `${JSON.stringify({ ...text, ...(address !== undefined && { to: address }), facts })}\n`;
}
