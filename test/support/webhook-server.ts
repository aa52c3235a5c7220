import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { AUTHORITY, makeCertificate, temporaryDir } from './pki.ts';

/** A request as it came. */
export interface Told {
  readonly headers: IncomingHttpHeaders;
  readonly path: string;
  readonly body: string;
}

/** A real HTTPS server that keeps what it is told. */
export interface WebhookServer {
  readonly port: number;
  /** By the name that its certificate has too. */
  readonly url: string;
  /** PEM of the authority that its certificate is of, and its path. */
  readonly ca: string;
  readonly caFile: string;
  readonly told: Told[];
  /** How many connections were made to it. */
  connections(): number;
  /** What it does with a request; it takes all of them unless this is changed. */
  answer: (response: ServerResponse, told: Told) => void;
  stop(): Promise<void>;
}

/** Starts one on this machine. */
export async function startWebhookServer(): Promise<WebhookServer> {
  const { dir, remove } = await temporaryDir();
  const issuer = await makeCertificate(dir, { name: 'webhook-ca', extensions: AUTHORITY });
  const extensions = ['basicConstraints=critical,CA:FALSE', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const own = await makeCertificate(dir, { name: 'localhost', issuer, extensions });
  const server = createServer({ cert: readFileSync(own.cert), key: readFileSync(own.key) });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  let connections = 0;
  server.on('secureConnection', () => {
    connections += 1;
  });
  const about = {
    port,
    url: `https://localhost:${port}/hook`,
    ca: readFileSync(issuer.cert, 'utf8'),
    caFile: issuer.cert,
  };
  const made: WebhookServer = {
    ...{ ...about, told: [], connections: () => connections, answer: (response) => response.writeHead(204).end() },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await remove();
    },
  };
  server.on('request', (request, response) => {
    const pieces: Buffer[] = [];
    request.on('error', () => undefined); // clients that go away
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const told = { headers: request.headers, path: request.url ?? '', body: Buffer.concat(pieces).toString() };
      made.told.push(told);
      made.answer(response, told);
    });
  });
  return made;
}

/** The numbers of the events that came, in order, as often as they came. */
export const numbersIn = (told: readonly Told[]): number[] => told.map(({ body }) => Number(JSON.parse(body).id));
