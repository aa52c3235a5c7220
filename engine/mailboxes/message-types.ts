import { unreachable } from '../core/unreachable.ts';
import type { MailboxKind } from './mailboxes.ts';

/** A text in one or more of nl, fr, de, en. */
export type Translated = Readonly<Partial<Record<'nl' | 'fr' | 'de' | 'en', string | undefined>>>;

export const VALIDITY_UNITS = ['day', 'month', 'year'] as const;

/** How long messages of a type stay in a mailbox. */
export interface Validity {
  readonly number: number;
  readonly unit: (typeof VALIDITY_UNITS)[number];
}

/** A fact that publishers may add to a message of a type (protocol §2.2: business data). */
export interface BusinessDataRule {
  readonly key: string;
  readonly names: Translated;
  readonly description?: Translated | undefined;
  /** Must be among the data of each message. */
  readonly required: boolean;
  /** Regular expression that a whole value must match; absent: any text. */
  readonly format?: string | undefined;
}

/** An organisation that may publish messages of a type, and with which applications; none listed: with any, or without. */
export interface Publisher {
  /** Enterprise number. */
  readonly organisation: string;
  readonly applications: readonly string[];
}

/** What messages of a type ask of their recipients. */
export interface TaskRule {
  /** It is due so long after the arrival, */
  readonly within: Validity;
  /** unless the message names a day (2026-12-31) under this key of its business data. */
  readonly dueData?: string | undefined;
}

/** What all messages of a type have in common; from the configuration. */
export interface MessageType {
  readonly id: string;
  readonly names: Translated;
  readonly description?: Translated | undefined;
  readonly validity: Validity;
  /** Who may publish; the engine itself always may. */
  readonly publishers: readonly Publisher[];
  /** Kinds of mailboxes that it may lie in. */
  readonly audience: readonly MailboxKind[];
  /** Only who has the right for protected documents may see it. */
  readonly protected: boolean;
  /** Service that it belongs to: users need it to read; absent: whoever has access may. */
  readonly service?: string | undefined;
  /** Quality that it is sent to: other qualities do not see it; absent: it is for all of them. */
  readonly quality?: string | undefined;
  /** May be published as registered mail. */
  readonly registered: boolean;
  /** Its recipients may answer. */
  readonly replyAllowed: boolean;
  /** Absent: messages ask for nothing. */
  readonly task?: TaskRule | undefined;
  /** What the main content may be: exactly one attachment, the body, or either. */
  readonly mainContent: 'attachment' | 'body' | 'either';
  readonly businessData: readonly BusinessDataRule[];
  readonly mediaTypes: readonly string[];
  /** Most attachments of one message. */
  readonly attachments: number;
  /** Largest attachment, in bytes. */
  readonly attachmentBytes: number;
}

/** What the engine itself publishes: copies of declarations, and the answers of recipients. */
export const ENGINE_TYPES = ['declaration-copy', 'reply'] as const;

/** The type of answers: whoever may answer a message may send one, without being among its publishers. */
export const REPLY_TYPE: (typeof ENGINE_TYPES)[number] = 'reply';

/** The message types by their id. */
export type MessageTypes = Readonly<Record<string, MessageType>>;

/** The type with this id; undefined when there is none (an id from outside never finds what objects inherit). */
export function typeIn(types: MessageTypes, id: string): MessageType | undefined {
  return Object.hasOwn(types, id) ? types[id] : undefined;
}

/**
 * When a message that arrives now expires: so many days, months or years later at the same time of day, in UTC. A month that
 * has no such day has it on its last day: what arrives on 31 August with six months expires on 28 or 29 February.
 */
export function expiryOf({ number, unit }: Validity, now: Date): Date {
  switch (unit) {
    case 'day':
      return new Date(now.getTime() + number * DAY_MS);
    case 'month':
      return monthsLater(now, number);
    case 'year':
      return monthsLater(now, number * 12);
    default:
      return unreachable(unit);
  }
}

const DAY_MS = 86_400_000;

function monthsLater(from: Date, months: number): Date {
  const later = new Date(from);
  later.setUTCDate(1);
  later.setUTCMonth(later.getUTCMonth() + months);
  const lastDay = new Date(Date.UTC(later.getUTCFullYear(), later.getUTCMonth() + 1, 0)).getUTCDate();
  later.setUTCDate(Math.min(from.getUTCDate(), lastDay));
  return later;
}
