import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSmtpOutlet } from '../channels/mail/smtp.ts';
import { loadMailTexts, type MailTexts } from '../channels/mail/texts.ts';
import type { Config } from '../config/load.ts';
import { packageRoot } from '../config/package-root.ts';
import type { Job } from '../engine/jobs/job.ts';
import { daily, every } from '../engine/jobs/timetable.ts';
import { forgetNotices } from '../engine/mailboxes/notices.ts';
import { planNotices, planSummaries } from '../engine/outbound/mail-plan.ts';
import { forgetMails } from '../engine/outbound/mails.ts';
import { sendMails } from '../engine/outbound/send-mails.ts';
import type { Base } from './base.ts';

const SEND_EVERY_MS = 10_000;
const NOTICES_KEPT_MS = 7 * 86_400_000;

/** What mails are made with: the texts, and whom to trust as the mail server. Throws config_invalid. */
export interface MailMaterials {
  readonly texts: MailTexts;
  readonly ca?: string;
}

/** Reads them, so that a mistake in them starts nothing. */
export async function loadMail({ mail }: Config): Promise<MailMaterials> {
  const texts = await loadMailTexts(join(packageRoot(), 'config/texts'));
  return { texts, ...(mail.ca !== '' && { ca: await readFile(mail.ca, 'utf8') }) };
}

/** What is done about mails; without a mail server only what nobody is going to be told is forgotten. */
export function mailJobs(base: Base, materials: MailMaterials): Job[] {
  const { db, config, clock } = base;
  const { mail } = config;
  const before = (ms: number) => new Date(clock().getTime() - ms);
  const forget: Job = {
    name: 'forget-mails',
    due: daily('03:40'),
    run: async () =>
      counted((await forgetNotices(db, before(NOTICES_KEPT_MS))) + (await forgetMails(db, before(mail.keepFor)))),
  };
  if (mail.smtp === '') return [forget];
  const openOutlet = () => createSmtpOutlet({ ...mail, ...materials, url: mail.smtp });
  return [
    forget,
    {
      name: 'summarise-mailboxes',
      due: daily(mail.summaryAt),
      run: async ({ slot, proceed }) => counted(await planSummaries(db, { slot, proceed })),
    },
    {
      name: 'send-mails',
      due: every(SEND_EVERY_MS),
      run: async ({ proceed }) => {
        await planNotices(db, clock(), proceed);
        return counted(await sendMails({ ...base, openOutlet, giveUpMs: mail.giveUpAfter, proceed }));
      },
    },
  ];
}

const counted = (done: number) => (done === 0 ? '' : String(done));
