import type { Language } from '../registry/organisations.ts';

/** Why somebody gets a mail. */
export const MAIL_KINDS = ['summary', 'registered', 'expiring', 'task', 'confirm', 'certificate'] as const;
export type MailKind = (typeof MAIL_KINDS)[number];

/** What a mail tells: counts and dates, nothing of what messages say and of whom. */
export interface MailFacts {
  /** Whose mailbox: the enterprise number of an organisation; absent for a person. */
  readonly enterprise?: string;
  /** The name of the organisation, in the language of the mail where it has one. */
  readonly name?: string;
  /** Messages it is about. */
  readonly count?: number;
  /** Messages in the mailbox that nobody has read. */
  readonly unread?: number;
  /** Days left. */
  readonly days?: number;
  /** What it is about, as its owner knows it: the serial number of a certificate. */
  readonly reference?: string;
  /** What confirms an address. */
  readonly token?: string;
}

/** A mail on its way to one address. */
export interface Mail {
  /** Of the delivery: the Message-ID is made of it, so that the same mail again is known to be the same. */
  readonly id: string;
  readonly address: string;
  readonly language: Language;
  readonly kind: MailKind;
  readonly facts: MailFacts;
}

/** What the mail server said of a mail. `unreachable`: nothing, so it says nothing about the mail either. */
export interface MailAnswer {
  readonly kind: 'accepted' | 'deferred' | 'refused' | 'unreachable';
  /** For people, at most 200 characters. */
  readonly text: string;
}

/** Where mails go. */
export interface MailOutlet {
  /** Hands one over; resolves with the server's answer, whatever it is, within a minute or two. */
  send(mail: Mail): Promise<MailAnswer>;
  /** Lets go of the connection. */
  close(): void;
}
