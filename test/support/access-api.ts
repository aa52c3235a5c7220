import { request } from 'node:https';
import { createSecureContext } from 'node:tls';
import type { OidcProvider } from '../../channels/webservice/access/oidc.ts';
import { ACCESS_PATH } from '../../channels/webservice/access/paths.ts';
import type { Mailboxes } from '../../channels/webservice/ebox/deps.ts';
import { createWebservice } from '../../channels/webservice/server.ts';
import { silentLogger } from '../../engine/core/logger.ts';
import { noTelemetry } from '../../engine/core/telemetry.ts';
import { loadIdentity } from '../../engine/outbound/identity.ts';
import { createLoginDefence } from '../../engine/registry/login-defence.ts';
import { createBlobStore } from '../../engine/store/blobs.ts';
import type { AccessCase } from './access.ts';
import { temporaryDir } from './pki.ts';

/** What the web service answered. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  // biome-ignore lint/suspicious/noExplicitAny: the tests look into whatever came back
  readonly body: any;
}

/** The web service over the store of a case, on a free port, with the clock of the case. */
export interface AccessApi {
  readonly url: string;
  call(method: string, path: string, body?: unknown, token?: string, headers?: object): Promise<ApiAnswer>;
  close(): Promise<void>;
}

const POLICY = { perAddress: 1_000, perAddressAndLogin: 1_000, perLogin: 1_000, halfLifeMs: 600_000 };

const NO_MAILBOXES: Mailboxes = {
  ...{ types: {}, provider: 'test', organisation: '0206731645', contact: '', applications: [] },
  environment: 'test',
  directory: async () => ({ types: [], applications: [], organisations: [] }),
  mayConnect: () => false,
  ...{ recipientOf: async () => undefined, viewOf: async () => undefined, hasMandate: async () => false },
};

/** Starts it. */
export async function startAccessApi(
  at: AccessCase,
  oidc: Readonly<Record<string, OidcProvider>> = {},
  publicUrl = '',
): Promise<AccessApi> {
  const { dir, remove } = await temporaryDir();
  const { db } = at;
  const clock = () => at.now;
  const log = silentLogger();
  const identity = await loadIdentity({ dir, commonName: 'test', now: new Date() });
  const context = createSecureContext({
    cert: identity.certificate.toString(),
    key: identity.privateKey.export({ type: 'pkcs8', format: 'pem' }),
  });
  const service = createWebservice({
    ...{ db, clock, log, identity, host: '127.0.0.1', port: 0, publicUrl },
    defence: createLoginDefence({ db, clock, log, telemetry: noTelemetry, policy: POLICY }),
    foldersOf: () => {
      throw new Error('nothing is uploaded here');
    },
    tls: () => context,
    ...{ clientCertificates: false, isProxy: () => false, isWelcome: () => true },
    ...{ fileBytes: 1_000, tokenLifeMs: 60_000, requestsPerMinute: 10_000, longestWaitMs: 1_000, idleMs: 30_000 },
    limits: { connections: 50, startups: 50, startupsPerAddress: 50, connectionsPerSender: 50, authTimeoutMs: 10_000 },
    blobs: createBlobStore({ dir, log }),
    mailboxes: NO_MAILBOXES,
    people: {
      ...{ sessionLifeMs: 3_600_000, oidc, qualities: ['employer', 'social-secretariat', 'ocmw'] },
      choices: { goals: ['DMFA', 'DIMN'], networks: ['publilink'], localAuthorities: ['ocmw'], minRsaBits: 2048 },
    },
  });
  await service.start();
  const url = `https://127.0.0.1:${service.port()}`;
  const close = async () => {
    await service.stop();
    await remove();
  };
  return { url, close, call: (...args) => callApi(url, ...args) };
}

/** Asks the web service at an address; its certificate is its own. */
export function callApi(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  token?: string,
  more: object = {},
): Promise<ApiAnswer> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const headers = {
    ...(text !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...more,
  };
  return new Promise((resolve, reject) => {
    const target = new URL(path.startsWith('/REST') ? path : ACCESS_PATH + path, url);
    const asking = request(target, { method, headers, rejectUnauthorized: false, agent: false }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on('data', (piece: Buffer) => pieces.push(piece));
      answer.on('end', () => {
        const content = Buffer.concat(pieces).toString();
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          body: content === '' ? undefined : JSON.parse(content),
        });
      });
    });
    asking.on('error', reject);
    asking.end(text);
  });
}
