import { join, resolve } from 'node:path';
import { z } from 'zod';
import { keys } from '../engine/core/mistakes.ts';
import { accessSchema } from './access-schema.ts';
import { brokerSchema } from './broker-schema.ts';
import { channelsSchema } from './channel-schema.ts';
import { requireOutside } from './drop-schema.ts';
import { expirySchema } from './expiry-schema.ts';
import { goalsSchema } from './goal-schema.ts';
import { listsSchema, requireWhole, sourcesSchema } from './list-schema.ts';
import { loginsSchema } from './login-schema.ts';
import { mailSchema, requireSender } from './mail-schema.ts';
import { mailboxesSchema } from './mailbox-schema.ts';
import { messageTypesSchema } from './message-type-schema.ts';
import { networksSchema, requireLinks } from './network-schema.ts';
import { absoluteStore, fallingBack, path, type Surroundings, secret } from './sources.ts';
import { trustSchema } from './trust-schema.ts';
import { choice, choices, count, duration, flag, host, port, size, text } from './values.ts';
import { webhooksSchema } from './webhooks-schema.ts';

const STORE_URL = /^(sqlite:.+|postgres(ql)?:\/\/.+)$/;
const CLAMD = 'unix:PATH, tcp://HOST:PORT, or empty';
const bytes = (meaning: string, fallback: string) => size(meaning, fallback, { min: '1KiB', max: '16TiB' });

const log = () =>
  keys({
    level: choice(
      'Least important lines that are written',
      ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
      'info',
    ),
  });

const identity = () =>
  keys({
    commonName: text('Common name in the certificate that the engine makes for itself to sign answers', 'Bode', 64),
  });

const store = (around: Surroundings) =>
  keys({
    url: secret(
      'sqlite:PATH or postgres://user:secret@host/db; without it bode.sqlite in dataDir',
      STORE_URL,
      'sqlite:PATH, postgres://USER:SECRET@HOST/DATABASE',
      around,
    ).optional(),
    poolSize: count('Most connections of one process to PostgreSQL; SQLite has one', 10, 1, 1_000),
    connectWithin: duration('How long a new connection to PostgreSQL may take', '5s', { min: '100ms', max: '5m' }),
    answerWithin: duration('How long PostgreSQL may take to answer one statement', '20s', { min: '1s', max: '1h' }),
    contentGrace: duration('Content that no row names is kept for so long', '24h', { min: '1h', max: '90d' }),
  });

const scheduler = () =>
  keys({
    lease: duration('A scheduler that died is replaced after this; a living one renews', '15s', {
      min: '1s',
      max: '10m',
    }),
  });

const alerts = () =>
  keys({
    command: z
      .array(z.string().min(1).max(4_096))
      .max(64)
      .prefault([])
      .describe(
        'A program and its arguments that is told of each alert, as JSON on its standard input; none when empty',
      ),
  });

const QUALITY = 'small letters, digits and dashes, a letter first';

const mandatesSchema = () =>
  keys({
    neededBy: z
      .array(z.string({ error: QUALITY }).regex(/^[a-z][a-z0-9-]{0,39}$/, { error: QUALITY }))
      .max(100)
      .prefault(['social-secretariat', 'service-provider'])
      .describe('Qualities that declare only for employers whose mandate they hold, and for their own organisation'),
  });

const observe = () =>
  keys({
    enabled: flag('Whether health and metrics are served', true),
    host: host('Address of health and metrics'),
    port: port('Port of health and metrics; 0 is any free one', 9464),
    outboxAge: duration('A message that has been due for longer makes the health DEGRADED', '5m', {
      min: '1s',
      max: '1d',
    }),
  });

const landing = () =>
  keys({
    fileBytes: bytes('Largest file that may be uploaded', '2GiB'),
    filesPerFolder: count('Most files in one folder of a sender', 50_000, 1, 10_000_000),
    folderBytes: bytes('Most bytes in one folder of a sender', '50GiB'),
    partialBytes: bytes('Most bytes of unfinished uploads in one folder of a sender', '8GiB'),
    textDigestBytes: bytes(
      'Up to this size SHA-384, SHA-512 and the digests with CRLF line ends are followed while a file comes in, as SHA-256 always is; of larger files they are read when a signature asks for them',
      '16MiB',
    ),
    minFreeBytes: size('Below this free space on the disk of dataDir uploads are refused; 0B refuses none', '512MiB', {
      min: '0B',
      max: '16TiB',
    }),
  });

const intake = () =>
  keys({
    signature: keys({
      allow: choices('Legacy algorithms that are accepted although they are weak', ['sha1', 'md5', 'rsa1024'], []),
      selfSigned: choice(
        'Whether a self-signed certificate that is registered for the sender needs no trust anchor',
        ['refused', 'registered'],
        'refused',
      ),
    }).prefault({}),
    fsBytes: size('Largest signature file', '256KiB', { min: '1KiB', max: '16MiB' }),
    answerGivenUp: duration(
      'A submission that was given up waits so long for an operator (bode dead); then it is refused with 163',
      '1h',
      { min: '0s', max: '30d' },
    ),
    waitForGo: duration(
      'Files that have waited longer for their GO are taken out of the folder and answered; unfinished uploads are removed',
      '24h',
      { min: '1s', max: '90d' },
    ),
  });

const antivirus = (around: Surroundings) =>
  keys({
    clamd: z
      .string({ error: CLAMD })
      .regex(/^(unix:.+|tcp:\/\/[^/:@\s]+:\d{1,5})?$/, { error: CLAMD })
      .prefault('')
      .transform((text) => (text.startsWith('unix:') ? `unix:${resolve(around.folder, text.slice(5))}` : text))
      .describe('Where clamd listens; nothing is scanned for viruses when empty'),
    maxBytes: bytes(
      'A larger file is given up unscanned, for an operator to decide; not more than StreamMaxLength, MaxFileSize and MaxScanSize of clamd, which says of what it does not look at that it is clean',
      '100MiB',
    ),
    connectWithin: duration('How long a connection to clamd may take', '5s', { min: '100ms', max: '5m' }),
    answerWithin: duration('How long clamd may neither take nor say anything', '2m', { min: '1s', max: '15m' }),
  });

const inspection = () =>
  keys({
    workers: count('Threads that validate declarations', 2, 1, 256),
    windowBytes: size('How much of a large declaration is validated at a time', '256KiB', {
      min: '64KiB',
      max: '64MiB',
    }),
    findings: count('Formal faults kept of one file; all are counted', 100, 1, 100_000),
    anomaliesPerForm: count('Anomalies kept of one form; all are counted', 100, 1, 100_000),
    depth: count('Levels of nested elements', 200, 8, 10_000),
  });

/** What is configured as shipped, by goal code and by the names of fixed links, sources and lists, by the ids of message types. */
export interface Shipped {
  readonly goals: Readonly<Record<string, unknown>>;
  readonly networks: Readonly<Record<string, unknown>>;
  readonly sources: Readonly<Record<string, unknown>>;
  readonly lists: Readonly<Record<string, unknown>>;
  readonly messageTypes: Readonly<Record<string, unknown>>;
}

/** The whole configuration: names, meanings, units, defaults and limits, in this one place. */
export function configSchema(around: Surroundings, shipped: Shipped) {
  return keys({
    dataDir: path('Blobs, keys and the embedded database; made when it is not there', './data', around),
    identity: identity().prefault({}),
    log: log().prefault({}),
    store: store(around).prefault({}),
    broker: brokerSchema(around).prefault({}),
    channels: channelsSchema(around).prefault({}),
    networks: networksSchema(shipped.networks),
    logins: loginsSchema().prefault({}),
    access: accessSchema(around).prefault({}),
    schemas: keys({
      dirs: fallingBack('Directories of XML schemas, looked up in this order', 'schemas/xsd', around),
    }).prefault({}),
    trust: trustSchema(around).prefault({}),
    mandates: mandatesSchema().prefault({}),
    scheduler: scheduler().prefault({}),
    alerts: alerts().prefault({}),
    observe: observe().prefault({}),
    landing: landing().prefault({}),
    intake: intake().prefault({}),
    antivirus: antivirus(around).prefault({}),
    inspection: inspection().prefault({}),
    shutdown: keys({
      patience: duration(
        'Work in hand may finish within this; keep it under the kill delay of your supervisor',
        '25s',
        {
          min: '0s',
          max: '1h',
        },
      ),
    }).prefault({}),
    goals: goalsSchema(shipped.goals),
    sources: sourcesSchema(shipped.sources),
    lists: listsSchema(shipped.lists),
    mailboxes: mailboxesSchema(around).prefault({}),
    expiry: expirySchema(around).prefault({}),
    mail: mailSchema(around).prefault({}),
    webhooks: webhooksSchema(around).prefault({}),
    messageTypes: messageTypesSchema(shipped.messageTypes),
  }).transform((config, context) => {
    requireLinks(config, context);
    requireOutside(config, context);
    requireWhole(config, context);
    requireSender(config, context);
    const url = config.store.url ?? `sqlite:${join(config.dataDir, 'bode.sqlite')}`;
    return { ...config, store: { ...config.store, url: absoluteStore(url, around) } };
  });
}
