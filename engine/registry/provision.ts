import { resolve } from 'node:path';
import { EngineError } from '../core/errors.ts';
import { describeMistakes } from '../core/mistakes.ts';
import { readYaml } from '../core/yaml-file.ts';
import { type AuditLine, auditAll } from '../store/audit.ts';
import { type Db, isSqlite } from '../store/database.ts';
import { inTransaction } from '../store/transaction.ts';
import { type CredentialKind, replaceCredentials } from './credentials.ts';
import { replaceMandates } from './mandate-changes.ts';
import type { MaterialPolicy } from './materials.ts';
import { findOrganisation, type Organisation, plainNsso, saveOrganisation } from './organisations.ts';
import { changePassword, passwordHashOf } from './passwords.ts';
import {
  type PlannedOrganisation,
  type PlannedSender,
  type ProvisionReading,
  type ProvisionRules,
  readPlan,
} from './provision-file.ts';
import { conflictsIn, duplicatesIn } from './provision-identities.ts';
import { applyPeople } from './provision-people.ts';
import { peopleConflicts } from './provision-people-conflicts.ts';
import { addQuality, qualitiesOf } from './qualities.ts';
import { findSender, type Sender, saveSender, sendersOf } from './senders.ts';

/** One thing that provisioning did, left as it was although the file does not name it (`kept`), or warns of. */
export interface Change {
  readonly action: 'added' | 'changed' | 'removed' | 'kept' | 'warning';
  readonly subject: string;
  readonly detail: string;
}

export interface ProvisionOptions {
  /** Goal codes that are configured; absent: any four letters. */
  readonly goals?: readonly string[];
  /** Names of the fixed links that are configured; absent: any. */
  readonly networks?: readonly string[];
  /** Fewest bits of a certificate's RSA key; 2048 unless the operator allows less by name. */
  readonly minRsaBits?: number;
  /** What signatures are judged by; a certificate that could not sign is registered all the same, with a warning. */
  readonly signing?: MaterialPolicy['signing'];
  /** Who does it, for the audit; `operator` when nobody says. */
  readonly by?: string;
}

/**
 * Makes the registry agree with a provisioning file, in one transaction; the same file again changes nothing.
 *
 * Organisations that the file does not name stay as they are. Of those it names, organisation, qualities and senders
 * are added or changed, and the keys and certificates of each sender become exactly those listed; a quality or sender
 * that is not in the file is kept and reported. Throws provision_invalid with every mistake, one a line, and changes
 * nothing then.
 */
export async function provision(db: Db, path: string, now: Date, options: ProvisionOptions = {}): Promise<Change[]> {
  const content = await readYaml(path, 'provision_invalid');
  const reading = readPlan(content, rulesOf(resolve(path, '..'), now, options));
  return applyPlan(db, path, content, reading, now, options);
}

/** What the checks of a file depend on. */
export function rulesOf(
  folder: string,
  now: Date,
  { goals, networks, signing, minRsaBits = 2048 }: ProvisionOptions,
): ProvisionRules {
  const known = { ...(goals && { goals }), ...(networks && { networks }), ...(signing && { signing }) };
  return { folder, now, minRsaBits, ...known };
}

/** Applies what was read, in one transaction; throws provision_invalid with every mistake and changes nothing then. */
export async function applyPlan(
  db: Db,
  path: string,
  content: unknown,
  reading: ProvisionReading,
  now: Date,
  { by = 'operator' }: ProvisionOptions,
): Promise<Change[]> {
  return inTransaction(db, async (tx) => {
    await lockRegistry(tx);
    await refuseMistakes(tx, path, content, reading);
    const changes = reading.kind === 'plan' ? await apply(tx, reading, now) : [];
    await auditAll(tx, linesOf(changes, now, by));
    return changes.map(({ organisation: _, ...change }) => change);
  });
}

/** A change, and the organisation whose managers may see it in the audit. */
type Owned = Change & { readonly organisation?: string };

function linesOf(changes: readonly Owned[], at: Date, who: string): AuditLine[] {
  const done = changes.filter(({ action }) => action !== 'kept' && action !== 'warning');
  return done.map(({ action, subject, detail, organisation }) => {
    const line = { at, who, what: 'provisioned', subject, outcome: action } as const;
    return { ...line, ...(organisation && { organisation }), facts: detail === '' ? {} : { detail } };
  });
}

/** One provisioning at a time; in SQLite a transaction is alone anyway. */
async function lockRegistry(tx: Db): Promise<void> {
  if (!isSqlite(tx)) await tx.raw('lock table organisations in share row exclusive mode');
}

async function refuseMistakes(tx: Db, path: string, content: unknown, reading: ProvisionReading): Promise<void> {
  const own = reading.kind === 'mistakes' ? reading.mistakes : [];
  const people = reading.kind === 'plan' ? await peopleConflicts(tx, reading.plan.organisations) : [];
  const mistakes = [...own, ...duplicatesIn(content), ...(await conflictsIn(tx, content)), ...people];
  if (mistakes.length > 0) throw new EngineError('provision_invalid', describeMistakes(path, mistakes));
}

async function apply(tx: Db, { plan, warnings }: ProvisionReading & { kind: 'plan' }, now: Date): Promise<Owned[]> {
  const changes: Owned[] = warnings.map(({ path, text }) => ({ action: 'warning', subject: path, detail: text }));
  for (const planned of plan.organisations) {
    const { enterpriseNumber: organisation } = planned;
    for (const change of await applyOrganisation(tx, planned, now)) changes.push({ ...change, organisation });
  }
  return changes;
}

async function applyOrganisation(tx: Db, planned: PlannedOrganisation, now: Date): Promise<Change[]> {
  const wanted = organisationOf(planned);
  const stored = await findOrganisation(tx, wanted.enterpriseNumber);
  const change = compare(`organisation ${wanted.enterpriseNumber}`, stored, wanted);
  if (change.length > 0) await saveOrganisation(tx, wanted);
  const qualities = await applyQualities(tx, planned);
  return [...change, ...qualities, ...(await applySenders(tx, planned)), ...(await applyPeople(tx, planned, now))];
}

function organisationOf({
  enterpriseNumber,
  name,
  language,
  email,
  nssoNumber,
  mailbox,
}: PlannedOrganisation): Organisation {
  return {
    enterpriseNumber,
    names: name,
    language,
    ...(email === undefined ? {} : { email }),
    ...(nssoNumber === undefined ? {} : { nssoNumber: plainNsso(nssoNumber) }),
    mailboxType: mailbox.type,
  };
}

async function applyQualities(tx: Db, { enterpriseNumber, qualities }: PlannedOrganisation): Promise<Change[]> {
  const stored = await qualitiesOf(tx, enterpriseNumber);
  const wanted = [...new Set(qualities.map(({ code }) => code))];
  const missing = wanted.filter((code) => !stored.includes(code));
  for (const code of missing) await addQuality(tx, enterpriseNumber, code);
  const subject = (code: string) => `quality ${code} of organisation ${enterpriseNumber}`;
  return [
    ...missing.map((code): Change => ({ action: 'added', subject: subject(code), detail: '' })),
    ...stored.filter((code) => !wanted.includes(code)).map((code) => notInFile(subject(code))),
  ];
}

async function applySenders(tx: Db, { enterpriseNumber, qualities }: PlannedOrganisation): Promise<Change[]> {
  const changes: Change[] = [];
  for (const { code, senders } of qualities) {
    for (const planned of senders)
      changes.push(...(await applySender(tx, planned, senderOf(planned, enterpriseNumber, code))));
  }
  const listed = new Set(qualities.flatMap(({ senders }) => senders.map(({ number }) => number)));
  const kept = (await sendersOf(tx, enterpriseNumber)).filter(({ number }) => !listed.has(number));
  return [...changes, ...kept.map(({ number }) => notInFile(`sender ${number}`))];
}

async function applySender(tx: Db, planned: PlannedSender, wanted: Sender): Promise<Change[]> {
  const { barred: _, ...stored } = (await findSender(tx, wanted.number)) ?? {};
  const change = compare(`sender ${wanted.number}`, 'number' in stored ? stored : undefined, wanted);
  if (change.length > 0) await saveSender(tx, wanted);
  const keys = await applyCredentials(tx, 'key', wanted.number, planned.sshKeys);
  const certificates = await applyCredentials(tx, 'certificate', wanted.number, planned.certificates);
  const mandates = await applyMandates(tx, planned, wanted);
  const password = await applyPassword(tx, planned);
  const hasPassword = (await passwordHashOf(tx, wanted.number)) !== undefined;
  return [...change, ...keys, ...certificates, ...mandates, ...password, ...warningsAbout(planned, hasPassword)];
}

/** A file that names no password leaves the stored one as it is. */
async function applyPassword(tx: Db, { number, passwordFile: password }: PlannedSender): Promise<Change[]> {
  if (password === undefined || !(await changePassword(tx, number, password))) return [];
  return [{ action: 'changed', subject: `password of sender ${number}`, detail: '' }];
}

function senderOf(planned: PlannedSender, enterpriseNumber: string, quality: string): Sender {
  const { number, login, state, channels, goals, networks, mandates, scopes } = planned;
  return {
    number,
    login,
    enterpriseNumber,
    quality,
    state,
    channels,
    goals,
    networks,
    ...(mandates && { mandated: true }),
    ...(scopes.length > 0 ? { scopes } : {}),
  };
}

/** The mandates of the file are this sender's alone; those that `bode mandates` gave to its organisation stay. */
async function applyMandates(tx: Db, { mandates = [] }: PlannedSender, sender: Sender): Promise<Change[]> {
  const { number, enterpriseNumber: organisation, quality } = sender;
  const { added, removed } = await replaceMandates(tx, { organisation, quality, sender: number }, mandates);
  if (added + removed === 0) return [];
  return [{ action: 'changed', subject: `mandates of sender ${number}`, detail: `${added} added, ${removed} removed` }];
}

async function applyCredentials(
  tx: Db,
  kind: CredentialKind,
  sender: string,
  wanted: PlannedSender['sshKeys'],
): Promise<Change[]> {
  const { added, removed } = await replaceCredentials(tx, kind, sender, wanted);
  const subject = `${kind} of sender ${sender}`;
  return [
    ...added.map(({ fingerprint }): Change => ({ action: 'added', subject, detail: fingerprint })),
    ...removed.map(({ fingerprint }): Change => ({ action: 'removed', subject, detail: fingerprint })),
  ];
}

function warningsAbout({ number, channels, sshKeys }: PlannedSender, hasPassword: boolean): Change[] {
  const subject = `sender ${number}`;
  const lacks = [
    ...(channels.includes('sftp') && sshKeys.length === 0 ? ['has no SSH key: it cannot log in by sftp'] : []),
    ...(channels.includes('ftp') && !hasPassword ? ['has no password: it cannot log in by ftp'] : []),
  ];
  return lacks.map((detail) => ({ action: 'warning', subject, detail }));
}

function notInFile(subject: string): Change {
  return { action: 'kept', subject, detail: 'not in file' };
}

/** Nothing when both are equal; else one change that names what is different. */
function compare(subject: string, stored: object | undefined, wanted: object): Change[] {
  if (!stored) return [{ action: 'added', subject, detail: '' }];
  const [before, after] = [new Map(Object.entries(stored)), new Map(Object.entries(wanted))];
  const different = [...new Set([...before.keys(), ...after.keys()])].filter(
    (key) => JSON.stringify(before.get(key)) !== JSON.stringify(after.get(key)),
  );
  const shown = (value: unknown) => JSON.stringify(value) ?? 'nothing';
  const detail = different.map((key) => `${key}: ${shown(before.get(key))} → ${shown(after.get(key))}`).join('; ');
  return different.length === 0 ? [] : [{ action: 'changed', subject, detail }];
}
