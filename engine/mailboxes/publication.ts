import type { MailboxKind } from './mailboxes.ts';
import {
  type BusinessDataRule,
  type MessageType,
  type MessageTypes,
  REPLY_TYPE,
  type Translated,
  typeIn,
} from './message-types.ts';
import type { Attention, BusinessData } from './messages.ts';

/** An attachment as a publisher describes it. */
export interface DescribedPart {
  /** Names the part of the request that has its content. */
  readonly partName: string;
  readonly main: boolean;
  readonly title?: Translated;
  /** SHA-256, base64url. */
  readonly digest?: string;
  readonly signed: boolean;
}

/** What a publisher asks for, whatever version of the interface it speaks. */
export interface Publication {
  readonly recipient: { readonly kind: 'enterprise' | 'citizen'; readonly eboxId: string };
  readonly subject: Translated;
  readonly body?: Translated;
  readonly bodyMain: boolean;
  readonly messageType?: string;
  readonly senderOrganisation?: string;
  readonly senderApplication?: string;
  readonly registered: boolean;
  readonly attention?: Attention;
  readonly originalId?: string;
  readonly attachments: readonly DescribedPart[];
  readonly businessData: readonly BusinessData[];
  readonly payment?: Readonly<Record<string, unknown>>;
  readonly replyAllowed: boolean;
}

/** A part of a request whose content was taken in. */
export interface ReceivedPart {
  readonly partName: string;
  readonly fileName: string;
  /** As its header says; '' for none. */
  readonly mediaType: string;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly size: number;
  /** Whether its content can be what its header says. */
  readonly looksRight: boolean;
}

/** Why a publication is not taken (protocol §2.2, business codes). */
export interface Refusal {
  readonly kind: 'refused';
  readonly code: 'INVALID_INPUT' | 'INVALID_SENDER' | 'DIGEST_DO_NOT_MATCH' | 'NOT_IMPLEMENTED';
  readonly message: string;
}

/** Who publishes, and what there is to publish with. */
export interface Publishing {
  readonly types: MessageTypes;
  /** Ids of the configured applications. */
  readonly applications: readonly string[];
  /** Organisations that the publisher may publish for: its own first. */
  readonly organisations: readonly string[];
  /** Whether it answers a message that may be answered: then it needs no place among the publishers of a type. */
  readonly isReply: boolean;
  /** Kind of the recipient's mailbox; undefined when there is no such recipient. */
  readonly recipientKind: MailboxKind | undefined;
}

/** A publication that may be taken, as the type that it is of. */
export interface Judged {
  readonly kind: 'good';
  readonly type: MessageType;
  readonly organisation: string;
  readonly application: string;
}

const refused = (code: Refusal['code'], message: string): Refusal => ({ kind: 'refused', code, message });
const invalid = (message: string) => refused('INVALID_INPUT', message);

/** Judges a publication by the rules of its type and the limits of the interface; pure. The first fault decides. */
export function judge(publication: Publication, parts: readonly ReceivedPart[], from: Publishing): Judged | Refusal {
  const sender = judgeSender(publication, from);
  if (sender.kind === 'refused') return sender;
  const { type } = sender;
  const fault =
    recipientFault(type, from) ??
    textFault(publication) ??
    flagFault(publication, type) ??
    businessDataFault(publication.businessData, type) ??
    partsFault(publication.attachments, parts, type, publication.recipient.kind) ??
    mainFault(publication, type);
  return fault ?? sender;
}

/** Judges who publishes, of which type and in whose name, by the rules of today; pure. */
export function judgeSender(
  publication: Pick<Publication, 'messageType' | 'senderOrganisation' | 'senderApplication'>,
  from: Pick<Publishing, 'types' | 'applications' | 'organisations' | 'isReply'>,
): Judged | Refusal {
  const { types, applications, organisations, isReply } = from;
  const wrong = (message: string) => refused('INVALID_SENDER', message);
  const id = publication.messageType ?? (isReply ? REPLY_TYPE : undefined);
  if (id === undefined) return invalid('messageTypeId is missing');
  const type = typeIn(types, id);
  if (!type) return wrong('there is no such message type');
  const organisation = publication.senderOrganisation ?? organisations[0] ?? '';
  if (!organisations.includes(organisation)) return wrong('the sender organisation is not that of the credentials');
  const application = publication.senderApplication ?? '';
  if (application !== '' && !applications.includes(application)) return wrong('there is no such application');
  const good: Judged = { kind: 'good', type, organisation, application };
  if (isReply && id === REPLY_TYPE) return good;
  const publisher = type.publishers.find((one) => one.organisation === organisation);
  if (!publisher) return wrong('the organisation may not publish this message type');
  const mayUse = publisher.applications.length === 0 || publisher.applications.includes(application);
  return mayUse ? good : wrong('the application may not publish this message type');
}

function recipientFault({ audience }: MessageType, { recipientKind }: Publishing): Refusal | undefined {
  if (recipientKind === undefined) return invalid('the recipient is not known');
  return audience.includes(recipientKind) ? undefined : invalid('the message type is not for such a recipient');
}

/** Longest texts, in characters (protocol §2.2, limits). */
const LONGEST = { subject: 400, fileName: 255, businessValue: 256, attentionName: 100, body: 20_000 } as const;

const textsOf = (text: Translated): string[] => Object.values(text).filter((one) => one !== undefined);

function textFault({ subject, body, attention, businessData, attachments }: Publication): Refusal | undefined {
  const all = [subject, ...(body ? [body] : []), ...businessData.flatMap(({ values }) => values)];
  const titles = attachments.flatMap(({ title }) => title ?? []);
  const languages = new Set([...all, ...titles].flatMap((text) => Object.keys(text)));
  if (textsOf(subject).every((text) => text.trim() === '')) return invalid('the subject is empty');
  if (languages.size > 1) return refused('NOT_IMPLEMENTED', 'one language in each publication');
  if (textsOf(subject).some((text) => text.length > LONGEST.subject)) return tooLong('subject', LONGEST.subject);
  if (body && textsOf(body).some((text) => text.length > LONGEST.body)) return tooLong('bodyContent', LONGEST.body);
  if ((attention?.name ?? '').length > LONGEST.attentionName) return tooLong('name', LONGEST.attentionName);
  return undefined;
}

const tooLong = (what: string, longest: number) => invalid(`${what} is longer than ${longest} characters`);

function flagFault({ registered, replyAllowed }: Publication, type: MessageType): Refusal | undefined {
  if (registered && !type.registered) return invalid('the message type is not for registered mail');
  return replyAllowed && !type.replyAllowed ? invalid('messages of this type may not be answered') : undefined;
}

function businessDataFault(data: readonly BusinessData[], type: MessageType): Refusal | undefined {
  const keys = data.map(({ key }) => key);
  if (new Set(keys).size < keys.length) return invalid('business data: a key is given twice');
  const missing = type.businessData.find(({ key, required }) => required && !keys.includes(key));
  if (missing) return invalid(`business data: ${missing.key} is missing`);
  for (const { key, values } of data) {
    const rule = type.businessData.find((one) => one.key === key);
    if (!rule) return invalid('business data: a key that the message type does not have');
    const fault = valuesFault(rule, values);
    if (fault) return fault;
  }
  return undefined;
}

function valuesFault({ key, format }: BusinessDataRule, values: readonly Translated[]): Refusal | undefined {
  if (values.length === 0) return invalid(`business data: ${key} has no value`);
  const pattern = format === undefined ? undefined : new RegExp(`^(?:${format})$`, 'u');
  for (const text of values.flatMap(textsOf)) {
    if (text.length > LONGEST.businessValue) return tooLong(`business data: ${key}`, LONGEST.businessValue);
    if (pattern && !pattern.test(text)) return invalid(`business data: ${key} is not of its format`);
  }
  return undefined;
}

function partsFault(
  described: readonly DescribedPart[],
  parts: readonly ReceivedPart[],
  type: MessageType,
  recipient: Publication['recipient']['kind'],
): Refusal | undefined {
  if (described.length !== parts.length) return invalid('as many attachments must be described as there are parts');
  if (described.length > type.attachments) return invalid(`at most ${type.attachments} attachments`);
  const names = described.map(({ partName }) => partName);
  if (new Set(names).size < names.length) return invalid('two attachments have the same httpPartName');
  for (const one of described) {
    const part = parts.find(({ partName }) => partName === one.partName);
    if (!part) return invalid('a httpPartName that no part has');
    const fault = partFault(part, type, recipient) ?? digestFault(one, part);
    if (fault) return fault;
  }
  return undefined;
}

/** Whether such a recipient may be sent files of a media type (protocol §2.2, limits: citizens PDF only). */
export function isFor(recipient: Publication['recipient']['kind'], mediaType: string): boolean {
  return recipient !== 'citizen' || mediaType === 'application/pdf';
}

function partFault(
  part: ReceivedPart,
  type: MessageType,
  recipient: Publication['recipient']['kind'],
): Refusal | undefined {
  const { fileName, mediaType, size, looksRight } = part;
  if (fileName === '') return invalid('a part has no file name');
  if (fileName.length > LONGEST.fileName) return tooLong('a file name', LONGEST.fileName);
  if (mediaType === '') return invalid('a part has no media type');
  if (!type.mediaTypes.includes(mediaType)) return invalid('a media type that the message type does not allow');
  if (!isFor(recipient, mediaType)) return invalid('citizens are sent PDF only');
  if (!looksRight) return invalid('the content of a part is not what its media type says');
  return size > type.attachmentBytes ? invalid(`a part is larger than ${type.attachmentBytes} bytes`) : undefined;
}

function digestFault({ digest }: DescribedPart, { sha256 }: ReceivedPart): Refusal | undefined {
  if (digest === undefined) return undefined;
  const found = Buffer.from(sha256, 'hex').toString('base64url');
  const same = digest.replace(/=+$/, '') === found;
  return same ? undefined : refused('DIGEST_DO_NOT_MATCH', 'the digest of a part is not that of its content');
}

function mainFault({ attachments, body, bodyMain }: Publication, { mainContent }: MessageType): Refusal | undefined {
  const mains = attachments.filter(({ main }) => main).length + (bodyMain ? 1 : 0);
  if (mains !== 1) return invalid('there must be exactly one main content');
  if (bodyMain && !body) return invalid('the body is to be the main content, and there is none');
  if (mainContent === 'attachment' && bodyMain) return invalid('the main content must be an attachment');
  return mainContent === 'body' && !bodyMain ? invalid('the main content must be the body') : undefined;
}
