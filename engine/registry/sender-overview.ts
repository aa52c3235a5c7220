import { audit } from '../store/audit.ts';
import { type Acting, nameOf, require, unknown } from './caller.ts';
import { type ShownCertificate, showCertificate } from './certificate-upload.ts';
import { credentialsOf } from './credentials.ts';
import { passwordHashOf } from './passwords.ts';
import { mayDo, type OrganisationAct } from './permissions.ts';
import { findSender, type Sender, sendersOf } from './senders.ts';
import {
  type ConfigurationKey,
  findConfiguration,
  type MessageConfiguration,
  type TechnicalContact,
} from './technical-users.ts';

/** What the manager has to do next. */
export type NextStep = 'save' | 'technical user' | 'channels' | 'keys' | 'certificates' | 'goals' | 'nothing';

/** Everything about one technical user. */
export interface SenderOverview {
  readonly number: string;
  readonly login: string;
  readonly quality: string;
  readonly state: 'active' | 'suspended' | 'blocked' | 'deleted';
  readonly contact: TechnicalContact | null;
  readonly channels: readonly string[];
  readonly networks: readonly string[];
  readonly goals: readonly string[];
  readonly sshKeys: readonly { readonly fingerprint: string; readonly type: string }[];
  readonly certificates: readonly ShownCertificate[];
  readonly hasFtpPassword: boolean;
}

/** The overview of the configuration of one quality. */
export interface MessagesOverview {
  readonly quality: string;
  readonly savedAt: string | null;
  readonly next: NextStep;
  readonly senders: readonly SenderOverview[];
}

const SEE = 'see structured messages';

/** Names a technical user of an organisation. */
export interface SenderKey {
  readonly enterpriseNumber: string;
  /** Six digits. */
  readonly number: string;
}

/** The configuration of a quality with everything in it; senders that an operator registered are shown too. */
export async function messagesOverview({ tx, actor }: Acting, place: ConfigurationKey): Promise<MessagesOverview> {
  require(mayDo(actor, SEE, place), SEE);
  const { enterpriseNumber, quality } = place;
  const configuration = await findConfiguration(tx, enterpriseNumber, quality);
  const own = (await sendersOf(tx, enterpriseNumber)).filter((sender) => sender.quality === quality);
  const senders: SenderOverview[] = [];
  for (const sender of own) senders.push(await overviewOf(tx, sender, configuration));
  const configured = senders.find(({ number }) => number === configuration?.sender);
  const next = configured ? nextOf(configured) : configuration ? 'technical user' : 'save';
  return { quality, savedAt: configuration?.savedAt ?? null, next, senders };
}

/** The step that is missing. */
export function nextOf({ channels, sshKeys, hasFtpPassword, certificates, goals }: SenderOverview): NextStep {
  if (channels.length === 0) return 'channels';
  if (channels.includes('sftp') && sshKeys.length === 0) return 'keys';
  if (channels.includes('ftp') && !hasFtpPassword) return 'keys';
  if (certificates.length === 0) return 'certificates';
  return goals.length === 0 ? 'goals' : 'nothing';
}

/** One technical user with everything about it. */
export async function senderOverview(acting: Acting, at: SenderKey): Promise<SenderOverview> {
  await senderFor(acting, at, SEE);
  return shownOf(acting.tx, at);
}

async function overviewOf(
  tx: Acting['tx'],
  sender: Sender,
  configuration: MessageConfiguration | undefined,
): Promise<SenderOverview> {
  const { number, login, quality, channels, networks, goals } = sender;
  const keys = await credentialsOf(tx, 'key', number);
  return {
    ...{ number, login, quality, channels, networks, goals },
    state: sender.barred ?? sender.state,
    contact: configuration?.sender === number ? (configuration.contact ?? null) : null,
    sshKeys: keys.map(({ fingerprint, text }) => ({ fingerprint, type: text.split(' ')[0] ?? '' })),
    certificates: (await credentialsOf(tx, 'certificate', number)).map(showCertificate),
    hasFtpPassword: (await passwordHashOf(tx, number)) !== undefined,
  };
}

/** A technical user of the organisation on whom the act is allowed; throws not_found and access_denied. */
export async function senderFor({ tx, actor }: Acting, at: SenderKey, act: OrganisationAct): Promise<Sender> {
  const sender = await findSender(tx, at.number);
  if (!sender || sender.enterpriseNumber !== at.enterpriseNumber || sender.barred === 'deleted') throw unknown();
  require(mayDo(actor, act, { enterpriseNumber: at.enterpriseNumber, quality: sender.quality }), act);
  return sender;
}

/** Audits what became of a technical user, and shows it. */
export async function changed(
  acting: Acting,
  at: SenderKey,
  outcome: string,
  before?: SenderOverview,
): Promise<SenderOverview> {
  const after = await shownOf(acting.tx, at);
  const place = { enterpriseNumber: at.enterpriseNumber, quality: after.quality };
  await tellOf(acting, place, at.number, outcome, {
    ...(before && { before: briefly(before) }),
    after: briefly(after),
  });
  return after;
}

/** One line of the audit about structured messages of a quality. */
export async function tellOf(acting: Acting, place: ConfigurationKey, subject: string, outcome: string, facts: object) {
  const { tx, caller, now } = acting;
  const all = { from: caller.from, ...facts };
  const what = 'structured messages changed';
  const whose = { organisation: place.enterpriseNumber, quality: place.quality };
  await audit(tx, { at: now, who: nameOf(caller), what, subject, outcome, ...whose, facts: all });
}

/** One technical user as it is now, whoever asks. */
export async function shownOf(tx: Acting['tx'], { number }: SenderKey): Promise<SenderOverview> {
  const sender = await findSender(tx, number);
  if (!sender) throw unknown();
  return overviewOf(tx, sender, await findConfiguration(tx, sender.enterpriseNumber, sender.quality));
}

/** What the audit tells of a technical user: credentials by their fingerprints. */
function briefly({ sshKeys, certificates, contact: _, ...rest }: SenderOverview): object {
  const marks = (list: readonly { readonly fingerprint: string }[]) => list.map(({ fingerprint }) => fingerprint);
  return { ...rest, sshKeys: marks(sshKeys), certificates: marks(certificates) };
}
