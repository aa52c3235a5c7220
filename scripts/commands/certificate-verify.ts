import type { Command } from 'commander';
import type { Config } from '../../config/load.ts';
import { systemClock } from '../../engine/core/clock.ts';
import type { Certificate } from '../../engine/pki/certificate.ts';
import { describeCertificate } from '../../engine/pki/describe.ts';
import { judgePath } from '../../engine/pki/judge.ts';
import type { RevocationFinding } from '../../engine/pki/revocation/finding.ts';
import type { CheckRevocation } from '../../engine/pki/revocation/revocation.ts';
import { loadTrust, type Trust } from '../../engine/pki/trust.ts';
import { isInForce, registrationsOf, type SenderCertificate } from '../../engine/registry/certificates.ts';
import { judgeForSigning, type SigningReason } from '../../engine/registry/judge-certificate.ts';
import { certificateAt, moment, reasonLines } from './certificate-changes.ts';
import { print, printJson } from './output.ts';
import { type ConfigOption, matching, reading, settings, withStore } from './settings.ts';

/** Opens who is asked about revocation; passed in, since most commands ask nobody. */
export type OpenRevocation = (trust: Config['trust'], anchors: Trust) => Promise<CheckRevocation>;

interface Options extends ConfigOption {
  readonly json?: true;
  readonly at?: Date;
  readonly sender?: string;
  readonly revocation?: true;
}

/** Everything that is said of a certificate. */
interface Answer {
  readonly at: Date;
  readonly reasons: readonly SigningReason[];
  readonly owner: { readonly senders: readonly string[]; readonly fault?: string };
  /** Of now, whatever `at` is; absent: nobody was asked. */
  readonly revocation?: RevocationFinding;
}

/** `bode certificates verify FILE`: whether what it signs would be accepted at a moment; nothing is sent or changed. */
export function verifyCertificateCommand(openRevocation: OpenRevocation): Command {
  return reading('verify')
    .description('tell whether what a certificate signs would be accepted at a moment; exit status 1 when not')
    .argument('<file>', 'PEM or DER')
    .option('--at <moment>', 'a day or an instant; else now', moment)
    .option(
      '--sender <number>',
      'signed for this sender; else for any that has it',
      matching(/^\d{6}$/, 'a sender number of six digits'),
    )
    .option('--revocation', 'ask whether it is revoked now, as configured')
    .action(async (path: string, options: Options) => {
      const config = await settings(options);
      const certificate = certificateAt(path);
      const answer = await answerFor(certificate, config, options, openRevocation);
      const good = answer.reasons.length === 0 && answer.owner.fault === undefined && !isRefused(answer, config);
      await (options.json
        ? printJson({ good, certificate: describeCertificate(certificate), ...answer })
        : print(linesOf(path, answer, good)));
      if (!good) process.exitCode = 1;
    });
}

async function answerFor(
  certificate: Certificate,
  config: Config,
  options: Options,
  open: OpenRevocation,
): Promise<Answer> {
  const now = systemClock();
  const { at = now, sender } = options;
  const trust = await loadTrust(config.trust.anchors);
  const rules = config.intake.signature;
  const owner = await ownerOf(certificate, config, at, sender);
  const others = sender === undefined ? [] : owner.senders.filter((holder) => holder !== sender);
  const reasons = judgeForSigning(certificate, trust, at, others, rules);
  if (!options.revocation) return { at, reasons, owner };
  const acceptSelfSigned = rules.selfSigned === 'registered';
  const request = {
    leaf: certificate,
    offered: [],
    trust,
    allow: rules.allow,
    acceptSelfSigned,
    now,
    purpose: 'any',
  } as const;
  const { revocation } = await judgePath(request, await open(config.trust, trust));
  return { at, reasons, owner, ...(revocation && { revocation }) };
}

async function ownerOf(
  certificate: Certificate,
  config: Config,
  at: Date,
  sender: string | undefined,
): Promise<Answer['owner']> {
  const all = await withStore(config, (db) => registrationsOf(db, certificate));
  const senders = all.map((one) => one.sender);
  const wanted = all.filter((one) => sender === undefined || one.sender === sender);
  const whom = sender === undefined ? 'any sender' : `sender ${sender}`;
  if (wanted.length === 0) return { senders, fault: `it is not registered for ${whom}` };
  if (wanted.some((one) => isInForce(one, at))) return { senders };
  return { senders, fault: `it is not the sender’s at that moment: ${wanted.map(windowText).join(', ')}` };
}

function windowText({ sender, since, until }: SenderCertificate): string {
  return [`sender ${sender}`, since && `from ${since.toISOString()}`, until && `until ${until.toISOString()}`]
    .filter(Boolean)
    .join(' ');
}

function isRefused({ revocation }: Answer, config: Config): boolean {
  if (!revocation || revocation.status === 'good') return false;
  return revocation.status === 'revoked' || config.trust.revocation.unknown.R === 'hard';
}

function linesOf(path: string, { at, reasons, owner, revocation }: Answer, good: boolean): string[] {
  const asked = revocation ? [`revocation: ${[revocation.status, revocation.detail].filter(Boolean).join(': ')}`] : [];
  const faults = [...reasonLines(reasons), ...(owner.fault === undefined ? [] : [`owner: ${owner.fault}`])];
  return [
    `${path}: ${good ? 'would verify' : 'would be refused'} on ${at.toISOString()}`,
    ...[...faults, ...asked].map((line) => `  ${line}`),
  ];
}
