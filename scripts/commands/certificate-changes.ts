import { type Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../../engine/core/clock.ts';
import { EngineError } from '../../engine/core/errors.ts';
import { loadTrust } from '../../engine/pki/trust.ts';
import {
  addCertificate,
  certificateFrom,
  endCertificate,
  registrationsOf,
} from '../../engine/registry/certificates.ts';
import { judgeForRegistration, type SigningReason } from '../../engine/registry/judge-certificate.ts';
import { readSmallFile } from '../../engine/registry/materials.ts';
import { findSender } from '../../engine/registry/senders.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { operator } from './operator.ts';
import { print } from './output.ts';
import { type ConfigOption, configured, matching, settings, withStore } from './settings.ts';

const senderNumber = matching(/^\d{6}$/, 'a sender number of six digits');

/** A moment: a day (its beginning, UTC) or an instant of ISO 8601 in UTC. */
export function moment(text: string): Date {
  const at = new Date(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);
  const isMoment = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z)?$/.test(text) && !Number.isNaN(at.getTime());
  if (!isMoment || !at.toISOString().startsWith(text.slice(0, 10)))
    throw new InvalidArgumentError('It must be a day or an instant, as 2026-12-31 or 2026-12-31T12:00:00Z.');
  return at;
}

/** The certificate in a file. Throws usage_wrong, naming the file. */
export function certificateAt(path: string) {
  const file = readSmallFile(path);
  if ('fault' in file) throw new EngineError('usage_wrong', `${path}: ${file.fault}`);
  try {
    return certificateFrom(file.bytes);
  } catch (error) {
    if (error instanceof EngineError) throw new EngineError('usage_wrong', `${path}: ${error.message}`);
    throw error;
  }
}

/** Reasons as one line each. */
export const reasonLines = (reasons: readonly SigningReason[]) =>
  reasons.map(({ kind, detail }) => `${kind}: ${detail}`);

interface AddOptions extends ConfigOption {
  readonly since?: Date;
  readonly until?: Date;
}

/** `bode certificates add`: registers one that can sign. */
export function addCertificateCommand(): Command {
  return configured('add')
    .description('register a certificate for a sender; one that could not sign is refused with each reason')
    .argument('<sender>', 'its number', senderNumber)
    .argument('<file>', 'PEM or DER')
    .option('--since <moment>', 'it is the sender’s from then on; else at once', moment)
    .option('--until <moment>', 'up to then; else as long as it is valid', moment)
    .action(async (sender: string, path: string, options: AddOptions) => {
      const config = await settings(options);
      const [certificate, trust] = [certificateAt(path), await loadTrust(config.trust.anchors)];
      const { since, until } = options;
      if (since && until && since >= until) throw new EngineError('usage_wrong', '--until: must be after --since');
      const by = { by: operator(), now: systemClock() };
      const added = await withStore(config, (db) =>
        inTransaction(db, async (tx) => {
          if (!(await findSender(tx, sender))) throw new EngineError('not_found', `no sender ${sender}`);
          const holders = (await registrationsOf(tx, certificate)).map((one) => one.sender);
          const others = holders.filter((holder) => holder !== sender);
          const reasons = judgeForRegistration(certificate, trust, by.now, others, config.intake.signature);
          if (reasons.length > 0)
            throw new EngineError(
              'operation_unsupported',
              `${path}: it could not sign: ${reasonLines(reasons).join('; ')}`,
            );
          return addCertificate(tx, sender, certificate, { ...(since && { since }), ...(until && { until }) }, by);
        }),
      );
      await print([added ? `registered for sender ${sender}` : `sender ${sender} has it already`]);
    });
}

interface EndOptions extends ConfigOption {
  readonly at: Date;
}

/** `bode certificates end`: from a moment on a certificate is not the sender's any more. */
export function endCertificateCommand(): Command {
  return configured('end')
    .description('let a certificate stop being a sender’s at a moment; what it signs is refused with 153 from then on')
    .argument('<sender>', 'its number', senderNumber)
    .argument(
      '<fingerprint>',
      'as it is listed',
      matching(/^[0-9a-f]{64}$/, 'a fingerprint of 64 small hexadecimal digits'),
    )
    .requiredOption('--at <moment>', 'when', moment)
    .action(async (sender: string, fingerprint: string, options: EndOptions) => {
      const by = { by: operator(), now: systemClock() };
      await withStore(await settings(options), (db) =>
        inTransaction(db, (tx) => endCertificate(tx, sender, fingerprint, options.at, by)),
      );
      await print([`${fingerprint}: sender ${sender} has it until ${options.at.toISOString()}`]);
    });
}
