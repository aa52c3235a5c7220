import { EngineError } from '../core/errors.ts';
import { type Acting, refuseFaults, require, unknown } from './caller.ts';
import { acceptCertificate, type CertificatePolicy } from './certificate-upload.ts';
import { credentialsOf, replaceCredentials, uniqueCredentials } from './credentials.ts';
import { sshKeysIn } from './materials.ts';
import { choiceFaults, contactFaults, loginFaults } from './message-faults.ts';
import { qualityStatesOf } from './organisation-access.ts';
import { storePasswordHash } from './passwords.ts';
import { mayDo } from './permissions.ts';
import { allotSenderNumber } from './sender-numbers.ts';
import {
  changed,
  type MessagesOverview,
  messagesOverview,
  nextOf,
  type SenderKey,
  type SenderOverview,
  senderFor,
  shownOf,
  tellOf,
} from './sender-overview.ts';
import { findSenderByLogin, saveSender, setSenderAccess } from './senders.ts';
import {
  addConfiguration,
  type ConfigurationKey,
  findConfiguration,
  removeConfiguration,
  setTechnicalUser,
  type TechnicalContact,
} from './technical-users.ts';

/** What the steps may choose from. */
export interface MessageChoices extends CertificatePolicy {
  readonly goals: readonly string[];
  /** Names of the fixed links. */
  readonly networks: readonly string[];
  /** Qualities of local authorities: only those may come over fixed links (mission: provinciale en plaatselijke besturen). */
  readonly localAuthorities: readonly string[];
}

/** The channels that a manager may choose; a drop folder is the operator's to give. */
export const CHOSEN_CHANNELS = ['sftp', 'ftp', 'webservice'] as const;

const CONFIGURE = 'configure structured messages';

/** Step 1: the quality is chosen and the configuration saved. */
export async function saveConfiguration(acting: Acting, place: ConfigurationKey): Promise<MessagesOverview> {
  require(mayDo(acting.actor, CONFIGURE, place), CONFIGURE);
  const qualities = await qualityStatesOf(acting.tx, place.enterpriseNumber);
  if (!qualities.some(({ code, state }) => code === place.quality && state === 'active')) throw unknown();
  if (!(await addConfiguration(acting.tx, place.enterpriseNumber, place.quality, acting.now))) {
    throw new EngineError('state_conflict', 'the configuration of this quality is saved already');
  }
  await tellOf(acting, place, place.quality, 'saved', { after: { quality: place.quality } });
  return messagesOverview(acting, place);
}

/** Step 2: a technical user is named and gets the sender number, which nobody else ever had or will have. */
export async function nameTechnicalUser(
  acting: Acting,
  place: ConfigurationKey,
  { login, contact }: { readonly login: string; readonly contact: TechnicalContact },
): Promise<SenderOverview> {
  const { tx } = acting;
  require(mayDo(acting.actor, CONFIGURE, place), CONFIGURE);
  const configuration = await findConfiguration(tx, place.enterpriseNumber, place.quality);
  if (!configuration) throw new EngineError('state_conflict', 'save the configuration of this quality first');
  if (configuration.sender !== undefined)
    throw new EngineError('state_conflict', `the technical user is ${configuration.sender}`);
  refuseFaults([...contactFaults(contact), ...loginFaults(login, (await findSenderByLogin(tx, login)) !== undefined)]);
  const number = await allotSenderNumber(tx);
  const nothing = { channels: [], goals: [], networks: [] };
  await saveSender(tx, { number, login, ...place, state: 'active', ...nothing });
  await setTechnicalUser(tx, place, number, contact);
  return changed(acting, { ...place, number }, 'technical user named');
}

/** Step 3: the channels, and for local authorities the fixed links that FTP may come over without encryption. */
export async function chooseChannels(
  acting: Acting,
  at: SenderKey,
  { channels, networks = [] }: { readonly channels: readonly string[]; readonly networks?: readonly string[] },
  choices: MessageChoices,
): Promise<SenderOverview> {
  const sender = await senderFor(acting, at, CONFIGURE);
  const isLocal = choices.localAuthorities.includes(sender.quality);
  const links = isLocal && channels.includes('ftp') ? choices.networks : [];
  const other = isLocal ? 'none without the channel ftp' : 'none: fixed links are for local authorities';
  refuseFaults([
    ...choiceFaults('channels', channels, CHOSEN_CHANNELS),
    ...choiceFaults('networks', networks, links, other),
    ...(channels.length > 0
      ? []
      : [{ field: 'channels', rule: 'none is chosen', allowed: CHOSEN_CHANNELS.join(', ') }]),
  ]);
  const kept = sender.channels.filter((channel) => channel === 'drop');
  const before = await shownOf(acting.tx, at);
  await saveSender(acting.tx, { ...sender, channels: [...channels, ...kept], networks });
  return changed(acting, at, 'channels chosen', before);
}

/** Step 4, for SFTP: the SSH public keys, all of them, each a line of OpenSSH's format. */
export async function registerKeys(acting: Acting, at: SenderKey, lines: readonly string[]): Promise<SenderOverview> {
  const sender = await senderFor(acting, at, CONFIGURE);
  requireStep(sender.channels.includes('sftp'), 'choose the channel sftp first');
  const { credentials, faults } = sshKeysIn(Buffer.from(lines.join('\n')));
  const allowed = 'lines of OpenSSH public keys';
  if (lines.length > 0) refuseFaults(faults.map((rule) => ({ field: 'sshKeys', rule, allowed })));
  const before = await shownOf(acting.tx, at);
  await replaceCredentials(acting.tx, 'key', at.number, lines.length > 0 ? uniqueCredentials(credentials) : []);
  return changed(acting, at, 'keys registered', before);
}

/** Step 4, for FTP: the password that the technical user logs in with, by its hash. */
export async function setFtpPassword(acting: Acting, at: SenderKey, hash: string): Promise<SenderOverview> {
  const sender = await senderFor(acting, at, CONFIGURE);
  requireStep(sender.channels.includes('ftp'), 'choose the channel ftp first');
  await storePasswordHash(acting.tx, at.number, hash);
  return changed(acting, at, 'FTP password set');
}

/** Step 4: one more certificate to sign with; several may be in force at once, so that one can follow another. */
export async function registerCertificate(
  acting: Acting,
  at: SenderKey,
  bytes: Buffer,
  choices: MessageChoices,
): Promise<SenderOverview> {
  const sender = await senderFor(acting, at, CONFIGURE);
  requireStep(sender.channels.length > 0, 'choose the channels first');
  const accepted = await acceptCertificate(bytes, at.number, choices);
  if ('faults' in accepted) return refuseFaults(accepted.faults) as never;
  const before = await shownOf(acting.tx, at);
  const stored = await credentialsOf(acting.tx, 'certificate', at.number);
  await replaceCredentials(acting.tx, 'certificate', at.number, uniqueCredentials([...stored, accepted.credential]));
  return changed(acting, at, 'certificate registered', before);
}

/** Takes a certificate away, by its fingerprint. */
export async function removeCertificate(acting: Acting, at: SenderKey, fingerprint: string): Promise<SenderOverview> {
  await senderFor(acting, at, CONFIGURE);
  const stored = await credentialsOf(acting.tx, 'certificate', at.number);
  const kept = stored.filter((one) => one.fingerprint !== fingerprint);
  if (kept.length === stored.length) throw unknown();
  const before = await shownOf(acting.tx, at);
  await replaceCredentials(acting.tx, 'certificate', at.number, kept);
  return changed(acting, at, 'certificate removed', before);
}

/** Step 5, the last: the services that are used by structured messages, by their goal codes. */
export async function chooseGoals(
  acting: Acting,
  at: SenderKey,
  goals: readonly string[],
  choices: MessageChoices,
): Promise<SenderOverview> {
  const sender = await senderFor(acting, at, CONFIGURE);
  const before = await shownOf(acting.tx, at);
  const next = nextOf(before);
  requireStep(next === 'goals' || next === 'nothing', `the step before is missing: ${next}`);
  refuseFaults(choiceFaults('goals', goals, choices.goals));
  await saveSender(acting.tx, { ...sender, goals });
  return changed(acting, at, 'goals chosen', before);
}

/** Keeps a technical user out of every channel within seconds, in every process; or lets it in again. */
export async function setBlocked(acting: Acting, at: SenderKey, blocked: boolean): Promise<SenderOverview> {
  await senderFor(acting, at, 'block or unblock a technical user');
  await setSenderAccess(acting.tx, at.number, blocked ? 'blocked' : 'open');
  return changed(acting, at, blocked ? 'blocked' : 'unblocked');
}

/** Takes a technical user away for ever, with keys, certificates and password; its number and login stay taken. */
export async function deleteSender(acting: Acting, at: SenderKey): Promise<void> {
  const { quality } = await senderFor(acting, at, CONFIGURE);
  const before = await shownOf(acting.tx, at);
  await replaceCredentials(acting.tx, 'key', at.number, []);
  await replaceCredentials(acting.tx, 'certificate', at.number, []);
  await storePasswordHash(acting.tx, at.number, null);
  await setSenderAccess(acting.tx, at.number, 'deleted');
  await removeConfiguration(acting.tx, at.number);
  await tellOf(acting, { ...at, quality }, at.number, 'deleted', { before });
}

function requireStep(done: boolean, remedy: string): void {
  if (!done) throw new EngineError('state_conflict', remedy);
}
