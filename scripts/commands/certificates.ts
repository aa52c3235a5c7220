import { type Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../../engine/core/clock.ts';
import { endOf } from '../../engine/registry/certificate-expiry.ts';
import { allCertificates, type SenderCertificate } from '../../engine/registry/certificates.ts';
import type { Db } from '../../engine/store/database.ts';
import { addCertificateCommand, endCertificateCommand } from './certificate-changes.ts';
import { type OpenRevocation, verifyCertificateCommand } from './certificate-verify.ts';
import { print, printJson, table } from './output.ts';
import { type ConfigOption, matching, reading, settings, upTo, withStore } from './settings.ts';

interface ListOptions extends ConfigOption {
  readonly json?: true;
  readonly sender?: string;
  readonly expiring?: number;
  readonly limit: number;
}

const DAY_MS = 86_400_000;
const TITLES = ['SENDER', 'ENDS', 'SUBJECT', 'ISSUER', 'SERIAL', 'KEY', 'USAGE', 'FINGERPRINT'];

/** `bode certificates`: what senders sign with, and until when; `verify`, `add`, `end` below it. */
export function certificatesCommand(openRevocation: OpenRevocation): Command {
  return reading('certificates')
    .enablePositionalOptions()
    .description('list the certificates of senders; --expiring 90d: those that end within 90 days')
    .option('--sender <number>', 'of this sender', matching(/^\d{6}$/, 'a sender number of six digits'))
    .option('--expiring <days>', 'that end within this time, soonest first, as 90d', days)
    .option('--limit <n>', 'at most so many', upTo(100_000), 1_000)
    .action(async ({ json, ...options }: ListOptions) => {
      const items = await withStore(await settings(options), (db) => listed(db, options, systemClock()));
      if (json) return printJson({ items: items.map(shown) });
      await print(items.length === 0 ? ['no certificates'] : table(TITLES, items.map(row)));
    })
    .addCommand(verifyCertificateCommand(openRevocation))
    .addCommand(addCertificateCommand())
    .addCommand(endCertificateCommand());
}

function days(text: string): number {
  const [, amount] = /^(\d{1,4})d$/.exec(text) ?? [];
  if (amount === undefined) throw new InvalidArgumentError('It must be a number of days, as 90d.');
  return Number(amount);
}

async function listed(db: Db, { sender, expiring, limit }: ListOptions, now: Date): Promise<SenderCertificate[]> {
  const items: SenderCertificate[] = [];
  for await (const certificate of allCertificates(db, sender)) {
    if (expiring !== undefined && !endsWithin(certificate, now, expiring)) continue;
    items.push(certificate);
    if (expiring === undefined && items.length === limit) break;
  }
  if (expiring === undefined) return items;
  return items.sort((one, other) => endOf(one).getTime() - endOf(other).getTime()).slice(0, limit);
}

function endsWithin(certificate: SenderCertificate, now: Date, days: number): boolean {
  const left = endOf(certificate).getTime() - now.getTime();
  return left > 0 && left <= days * DAY_MS;
}

function shown(certificate: SenderCertificate) {
  return { ...certificate, endsAt: endOf(certificate) };
}

function row(certificate: SenderCertificate): string[] {
  const { sender, subject, issuer, serial, key, usage, fingerprint } = certificate;
  return [
    sender,
    endOf(certificate).toISOString(),
    subject,
    issuer,
    serial,
    key,
    usage.join(',') || 'any',
    fingerprint,
  ];
}
