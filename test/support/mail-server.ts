import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

/** A mail as it came over the wire. */
export interface Received {
  readonly from: string;
  readonly to: readonly string[];
  /** Headers and body, as they were sent. */
  readonly raw: string;
}

/** A real SMTP server that keeps what it takes. */
export interface MailServer {
  readonly url: string;
  readonly received: Received[];
  /** What it answers to RCPT for an address, instead of taking it: 450, 550, … */
  readonly refused: Map<string, number>;
  stop(): Promise<void>;
}

/** Starts one on this machine, without TLS unless asked; a port names one that was there before. */
export async function startMailServer({
  port = 0,
  refused = new Map<string, number>(),
  received = [] as Received[],
} = {}): Promise<MailServer> {
  const server = new SMTPServer({
    ...{ authOptional: true, disabledCommands: ['STARTTLS', 'AUTH'], hideENHANCEDSTATUSCODES: false },
    onRcptTo({ address }, _session, answer) {
      const responseCode = refused.get(address);
      answer(responseCode === undefined ? null : Object.assign(new Error('not now, or never'), { responseCode }));
    },
    onData(stream, { envelope }, answer) {
      const pieces: Buffer[] = [];
      stream.on('data', (piece: Buffer) => pieces.push(piece));
      stream.on('end', () => {
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
        received.push({
          from,
          to: envelope.rcptTo.map(({ address }) => address),
          raw: Buffer.concat(pieces).toString(),
        });
        answer(null);
      });
    },
  });
  server.on('error', () => undefined); // clients that go away
  server.listen(port, '127.0.0.1');
  await once(server.server, 'listening');
  const address = server.server.address() as AddressInfo;
  const stop = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return { url: `smtp://127.0.0.1:${address.port}`, received, refused, stop };
}

/** A header field of a mail, unfolded; undefined when it has none. */
export function headerOf({ raw }: Received, name: string): string | undefined {
  const head = raw.split('\r\n\r\n')[0] ?? '';
  const found = new RegExp(`^${name}: *(.*(?:\\r\\n[ \\t].*)*)`, 'im').exec(head)?.[1];
  return found?.replace(/\r\n[ \t]+/g, ' ');
}

/** The text of a mail, decoded. */
export function textOf(mail: Received): string {
  const body = mail.raw.slice(mail.raw.indexOf('\r\n\r\n') + 4);
  const encoding = headerOf(mail, 'Content-Transfer-Encoding');
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString();
  if (encoding !== 'quoted-printable') return body;
  const plain = body
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(plain, 'latin1').toString();
}
