import { createTransport, type SendMailOptions } from 'nodemailer';
import type { Mail, MailAnswer, MailOutlet } from '../../engine/outbound/mail-outlet.ts';
import { compose } from './compose.ts';
import type { MailTexts } from './texts.ts';

export interface SmtpOptions {
  /** `smtp://USER:SECRET@HOST:PORT` (STARTTLS), or `smtps://…` (TLS from the beginning). */
  readonly url: string;
  /** Whether nothing is sent without TLS; false only for a server on this machine. */
  readonly requireTls: boolean;
  /** CA certificates in PEM that the server's must descend from; absent: those that Node knows. */
  readonly ca?: string;
  /** The sender's address; what comes back goes there too. */
  readonly from: string;
  readonly fromName: string;
  readonly texts: MailTexts;
}

const CONNECT_WITHIN_MS = 20_000;
const ANSWER_WITHIN_MS = 60_000;
const PORTS = { 'smtp:': 587, 'smtps:': 465 };

/** Sends mails by SMTP over one connection, which is opened for the first and closed by `close`. */
export function createSmtpOutlet(options: SmtpOptions): MailOutlet {
  const transport = createTransport({ ...serverOf(options), ...LIMITS });

  return {
    async send(mail) {
      try {
        const { response } = await transport.sendMail(contentOf(mail, options));
        return { kind: 'accepted', text: short(response) };
      } catch (error) {
        return answerOf(error as SmtpError);
      }
    },
    close: () => transport.close(),
  };
}

const LIMITS = {
  ...{ pool: true, maxConnections: 1, maxMessages: Number.POSITIVE_INFINITY },
  ...{ connectionTimeout: CONNECT_WITHIN_MS, greetingTimeout: CONNECT_WITHIN_MS, socketTimeout: ANSWER_WITHIN_MS },
  ...{ disableFileAccess: true, disableUrlAccess: true },
} as const;

function serverOf({ url, requireTls, ca }: SmtpOptions) {
  const { protocol, hostname, port, username, password } = new URL(url);
  const secure = protocol === 'smtps:';
  return {
    ...{ host: hostname, port: Number(port || PORTS[secure ? 'smtps:' : 'smtp:']), secure },
    ...(secure ? {} : { requireTLS: requireTls, ignoreTLS: !requireTls }),
    ...(ca !== undefined && { tls: { ca } }),
    ...(username !== '' && { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
  };
}

function contentOf(mail: Mail, { from, fromName, texts }: SmtpOptions): SendMailOptions {
  const { subject, text, recipient } = compose(mail, texts);
  return {
    // given apart, so that no name is ever read as an address
    envelope: { from, to: [mail.address] },
    from: { name: fromName, address: from },
    to: { name: recipient, address: mail.address },
    ...{ subject, text, messageId: messageIdOf(mail.id, from) },
    headers: {
      'Auto-Submitted': 'auto-generated',
      'X-Auto-Response-Suppress': 'All',
      'Content-Language': mail.language,
    },
    dsn: { id: mail.id, return: 'headers', notify: ['failure'], recipient: mail.address },
  };
}

/** The Message-ID of a delivery: the same whenever it is sent. */
export const messageIdOf = (id: string, from: string): string => `<${id}@${from.slice(from.lastIndexOf('@') + 1)}>`;

/** What nodemailer throws. */
interface SmtpError extends Error {
  /** Where it went wrong, in nodemailer's words. */
  readonly code?: string;
  readonly command?: string;
  /** What the server answered. */
  readonly responseCode?: number;
  readonly response?: string;
}

/**
 * Only what is said of the recipient or of the mail itself is an answer. Before that (greeting, login, TLS, and the sender's
 * own address) the fault is with the server or with the configuration, and no address is to suffer from it.
 */
function answerOf({ code, command = '', responseCode = 0, response, message }: SmtpError): MailAnswer {
  const text = short(response ?? message);
  const aboutMail = code === 'EENVELOPE' || code === 'EMESSAGE';
  if (!aboutMail || responseCode === 0 || responseCode === SERVICE_CLOSES) return { kind: 'unreachable', text };
  const permanent = responseCode >= 500 && !command.startsWith('MAIL');
  return { kind: permanent ? 'refused' : 'deferred', text };
}

const SERVICE_CLOSES = 421;
const LONGEST = 200;

const short = (text: string): string => text.replace(/[\p{Cc}\s]+/gu, ' ').slice(0, LONGEST);
