import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EBOX_SCOPES } from '../../engine/registry/scopes.ts';
import { freePort } from '../../scripts/demonstration/engine.ts';
import { startEngine, type TestEngine, type TestEngineOptions } from './engine.ts';
import { type WebAnswer, type WebClient, webClient } from './web.ts';

/** The organisation of the tests: it publishes, and has a mailbox. */
export const OWN = '0206731645';

/** A PDF as far as its first bytes tell. */
export const PDF = Buffer.from('%PDF-1.7\n% a letter\n%%EOF\n');

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=',
  'base64',
);

const TYPES = {
  attest: {
    names: { nl: 'Attest', fr: 'Attestation', de: 'Bescheinigung' },
    description: { nl: 'Een attest' },
    publishers: [{ organisation: OWN, applications: ['attests'] }],
    businessData: [{ key: 'place', names: { nl: 'Plaats', fr: 'Lieu' } }],
    mediaTypes: ['application/pdf', 'text/plain', 'text/csv'],
    replyAllowed: true,
    registered: true,
  },
  letter: { names: { nl: 'Brief' }, publishers: [{ organisation: OWN }], mainContent: 'either', replyAllowed: true },
};

/** A running engine with the e-Box interfaces, and a client of an organisation that may do everything there. */
export interface Ebox {
  readonly engine: TestEngine;
  readonly web: WebClient;
  /** curl, with a token. */
  call(path: string, ...args: string[]): Promise<WebAnswer>;
  /** Sends JSON; `method` POST unless said otherwise. */
  send(path: string, body: unknown, method?: 'POST' | 'PATCH'): Promise<WebAnswer>;
  /** Publishes: the description, then files by the name of their part, as curl's `-F` takes them. */
  publish(
    path: string,
    description: unknown,
    files: Readonly<Record<string, string>>,
    ...args: string[]
  ): Promise<WebAnswer>;
  stop(): Promise<void>;
}

/** Starts an engine; its directory has `letter.pdf` and `annex.txt`. */
export async function startEbox(options: TestEngineOptions = {}): Promise<Ebox> {
  const port = await freePort();
  const dir = await mkdtemp(join(tmpdir(), 'bode-logo-'));
  const logo = join(dir, 'logo.png');
  await writeFile(logo, PNG);
  const pictured = {
    logos: [{ file: logo, language: 'nl' }],
    url: { nl: 'https://example.be' },
    contactBusiness: 'help@example.be',
  };
  const engine = await startEngine({
    webservice: { port, requestsPerMinute: 100_000 },
    senders: [{ channels: ['sftp', 'webservice'], scopes: [...EBOX_SCOPES] }],
    ...options,
    config: {
      mailboxes: {
        ...{ environment: 'test', contact: 'helpdesk@example.be' },
        applications: { attests: { names: { nl: 'Attesten', fr: 'Attestations' }, ...pictured } },
        organisations: {
          [OWN]: { names: { nl: 'Voorbeeld NV' }, longNames: { nl: 'Voorbeeld naamloze vennootschap' }, ...pictured },
        },
      },
      messageTypes: TYPES,
      ...options.config,
    },
  });
  await writeFile(join(engine.dir, 'letter.pdf'), PDF);
  await writeFile(join(engine.dir, 'annex.txt'), 'een bijlage\n');
  const web = webClient(port, engine.dir, engine.pki.sender.key);
  const auth = await web.bearer();
  const call = (path: string, ...args: string[]) => web.curl(path, ...auth, ...args);
  const type = (method: string) => (method === 'PATCH' ? 'application/merge-patch+json' : 'application/json');
  return {
    engine,
    web,
    call,
    send: (path, body, method = 'POST') =>
      call(path, '-X', method, '-H', `Content-Type: ${type(method)}`, '--data-binary', JSON.stringify(body)),
    publish: (path, description, files, ...args) =>
      call(
        path,
        ...['-F', `messageToPublish=${JSON.stringify(description)};type=application/json`],
        ...Object.entries(files).flatMap(([part, file]) => ['-F', `${part}=@${file}`]),
        ...args,
      ),
    stop: () => engine.stop().then(() => rm(dir, { recursive: true, force: true })),
  };
}

/** The description of a letter in version 2, with one PDF; a test names only what it is about. */
export function aPublication(with_: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    recipient: { eboxType: 'enterprise', eboxIdValue: OWN },
    subject: { nl: 'Uw attest' },
    ...{ messageTypeId: 'letter', bodyMainContent: false, replyAuthorized: false },
    attachments: [{ httpPartName: 'upfile1', mainContent: true }],
    ...with_,
  };
}

/** The JSON of an answer. */
export const jsonOf = ({ body }: WebAnswer) => JSON.parse(body);
