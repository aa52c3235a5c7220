import { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createApplication } from '../../../channels/webservice/application.ts';
import { batchRoutes } from '../../../channels/webservice/batch/routes.ts';
import type { Client } from '../../../channels/webservice/listener.ts';
import { createAccessTokens } from '../../../channels/webservice/oauth/access-token.ts';
import { oauthRoutes } from '../../../channels/webservice/oauth/routes.ts';
import { loadIdentity } from '../../../engine/outbound/identity.ts';
import type { FuzzTarget, OpenTarget } from '../target.ts';
import { openFuzzLanding } from './landing.ts';

const HOST = 'Host: x\r\nAuthorization: Bearer x\r\n';
const STEM = 'DMFA.123456.20260314.00001.R';
const part = (name: string, content: string) =>
  `--b\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n\r\n${content}\r\n`;
const post = (path: string, type: string, body: string) =>
  `POST ${path} HTTP/1.1\r\n${HOST}Content-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const set = `${part(`FI.${STEM}.1.1`, '<a/>')}${part(`FS.${STEM}.1.1`, 'AAAA')}${part(`GO.${STEM}.1`, '')}--b--\r\n`;
const claims = Buffer.from('{"iss":"self_service_chaman_123456","sub":"self_service_chaman_123456"}').toString(
  'base64url',
);
const form = `grant_type=client_credentials&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=eyJhbGciOiJSUzI1NiJ9.${claims}.AAAA`;
const FORM = 'application/x-www-form-urlencoded';

const SAMPLES = [
  post('/REST/batch/v1/submissions', 'multipart/form-data; boundary=b', set),
  `POST /REST/batch/v1/submissions HTTP/1.1\r\n${HOST}Idempotency-Key: k\r\nContent-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked\r\n\r\n${set.length.toString(16)}\r\n${set}\r\n0\r\n\r\n`,
  post('/REST/oauth/v5/token', FORM, form),
  post('/REST/oauth/v5/introspect', FORM, 'token=eyJhbGciOiJSUzI1NiJ9.e30.AAAA'),
  `GET /REST/batch/v1/out?environment=T&pageSize=5&after=x HTTP/1.1\r\n${HOST}If-None-Match: "a", W/"b"\r\nPrefer: respond-async, wait=0\r\n\r\n`,
  `GET /REST/batch/v1/out/FO.${STEM} HTTP/1.1\r\n${HOST}Range: bytes=0-5\r\nIf-Range: "x"\r\n\r\n`,
  `GET /REST/batch/v1/submissions/ABCDEFGHIJKL1 HTTP/1.1\r\n${HOST}BelGov-Trace-Id: t\r\n\r\nDELETE /REST/batch/v1/out/x HTTP/1.1\r\n${HOST}\r\n`,
];
const WORDS = [
  '\r\n',
  '--b',
  '--b--',
  'filename="',
  '"; x="',
  '%00',
  '../',
  '\0',
  'multipart/form-data',
  ': ',
  'wait=99999',
  'bytes=-1',
];

/** Whole requests to the web service, as the TLS layer hands them over: heads, forms, multipart bodies, assertions. */
export const webRequests: FuzzTarget = {
  samples: async () => SAMPLES.map((sample) => Buffer.from(sample, 'latin1')),
  words: [...WORDS, 'A'.repeat(9_000), `filename="${'../'.repeat(50)}"`].map((word) => Buffer.from(word, 'latin1')),
  open: openTarget,
};

const CLIENT: Client = {
  address: '127.0.0.1',
  certificate: () => undefined,
  belongsTo: () => true,
  recognise: () => undefined,
};
const SENDER = '123456';

async function openTarget(): Promise<OpenTarget> {
  const landing = await openFuzzLanding();
  const { db, foldersOf, clock, log, dir } = landing;
  const identity = await loadIdentity({ dir, name: 'tokens', commonName: 'fuzz', now: clock() });
  const { app, http } = await createApplication(log);
  const tokens = createAccessTokens({ identity, clock, url: () => 'https://x', lifeMs: 60_000 });
  const grant = { client: 'c', sender: SENDER, scopes: [], issuedAt: 0, expiresAt: 0 };
  const access = { bearerOf: async () => ({ sender: SENDER, organisation: '0206731645', quality: 'employer', grant }) };
  const never = new AbortController().signal;
  batchRoutes(app, { db, clock, foldersOf, fileBytes: 1 << 20, access, longestWaitMs: 10, goneOf: () => never });
  oauthRoutes(app, {
    ...{ tokens, access, clock, url: () => 'https://x', clientOf: () => CLIENT },
    senderOf: async () => undefined,
    certificatesOf: async () => [],
    decoy: identity.certificate.toString(),
    useAssertion: async () => true,
    defence: {
      admits: async () => true,
      mayTry: async () => true,
      refused: async () => undefined,
      note: () => undefined,
      score: async () => undefined,
      succeeded: async () => undefined,
    },
  });
  let inHand = 0;
  app.addHook('onRequest', async () => {
    inHand += 1;
  });
  app.addHook('onResponse', async () => {
    inHand -= 1;
  });
  await app.ready();

  /** Waits until every request that is whole has its answer; for one that is not, no longer than some turns. */
  async function served(): Promise<void> {
    for (let turn = 0; turn < 5 || (inHand > 0 && turn < 300); turn += 1) await nextTurn();
  }

  async function run(input: Buffer): Promise<void> {
    await landing.begin();
    const socket = new Duplex({
      read: () => undefined,
      write: (_bytes, _encoding, done) => done(),
      allowHalfOpen: false,
    });
    const closed = new Promise((resolve) => socket.on('error', () => undefined).once('close', resolve));
    http.emit('connection', socket);
    socket.push(input);
    await served();
    socket.push(null); // what waits for more is cut off
    await closed;
    landing.end();
  }
  return { run, close: () => app.close().then(landing.close) };
}
