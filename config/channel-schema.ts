import { z } from 'zod';
import { keys } from '../engine/core/mistakes.ts';
import { dropSchema } from './drop-schema.ts';
import { pathOrNone, type Surroundings } from './sources.ts';
import { addresses, count, duration, flag, host, port } from './values.ts';

const IPV4 = 'an IPv4 address, or empty';
const LINK = 'the name of a fixed link (networks)';

/** What every channel asks before anything is said to a connection. */
const reception = () => ({
  networks: z
    .array(z.string({ error: LINK }))
    .prefault([])
    .describe('Fixed links (networks) that connections may come from; empty: from anywhere'),
  proxies: addresses('Load balancers that say by the PROXY protocol (version 2) where their clients are; they must'),
});

const sftp = () =>
  keys({
    enabled: flag('Whether the SFTP server is started', true),
    host: host('Address that the SFTP server listens on'),
    port: port('Port of the SFTP server; 0 is any free one', 2222),
    ...reception(),
    connections: count('Open connections in all', 500, 1, 100_000),
    startups: count('Open connections that have not logged in yet', 100, 1, 10_000),
    startupsPerAddress: count('Of these from one IPv4 address, or one IPv6 network of 64 bits', 10, 1, 10_000),
    connectionsPerSender: count('Open connections of one sender', 20, 1, 10_000),
    sessionsPerConnection: count('Channels open at a time in one connection', 10, 1, 1_000),
    handlesPerSession: count('Open files and directories of one session', 64, 1, 10_000),
    idle: duration('A connection without traffic is closed after this', '10m', { min: '1s', max: '1d' }),
    authTimeout: duration('A connection that has not logged in is closed after this', '30s', { min: '1s', max: '10m' }),
    authAttempts: count('Failed logins before a connection is closed', 6, 1, 100),
  });

const ftp = (around: Surroundings) =>
  keys({
    enabled: flag('Whether the FTP server is started', true),
    host: host('Address that the FTP server listens on'),
    port: port('Port of the FTP server, for AUTH TLS and, from fixed links, plain FTP; 0 is any free one', 2121),
    ...reception(),
    proxiesData: flag('Whether data connections of clients behind a load balancer come through it, too', true),
    implicitPort: port('Port for FTP that is encrypted from the first byte; 0 is none', 0),
    publicAddress: z
      .string({ error: IPV4 })
      .regex(/^(\d{1,3}(\.\d{1,3}){3})?$/, { error: IPV4 })
      .prefault('')
      .describe('IPv4 address that clients are told to connect to for data; empty: the one that they came to'),
    passivePorts: keys({
      from: port('First port for data connections; 0 lets the system choose', 0),
      to: port('Last port for data connections', 0),
    }).prefault({}),
    certificate: pathOrNone(
      'Certificate (PEM, with its chain) for TLS; empty: one that is made at the first start',
      around,
    ),
    key: pathOrNone('Its private key (PEM)', around),
    connections: count('Open connections in all', 500, 1, 100_000),
    startups: count('Open connections that have not logged in yet', 100, 1, 10_000),
    startupsPerAddress: count('Of these from one IPv4 address, or one IPv6 network of 64 bits', 10, 1, 10_000),
    connectionsPerSender: count('Open connections of one sender', 20, 1, 10_000),
    idle: duration('A connection without commands or data is closed after this', '5m', { min: '1s', max: '1d' }),
    authTimeout: duration('A connection that has not logged in is closed after this', '30s', { min: '1s', max: '10m' }),
    authAttempts: count('Failed logins before a connection is closed', 3, 1, 100),
  });

const webservice = (around: Surroundings) =>
  keys({
    enabled: flag('Whether the HTTPS server is started', true),
    host: host('Address that the HTTPS server listens on'),
    port: port('Port of the HTTPS server; 0 is any free one', 8443),
    publicUrl: z
      .union([z.literal(''), z.url({ protocol: /^https$/, error: URL_TEXT })], { error: URL_TEXT })
      .prefault('')
      .describe(
        'What clients call this server; the audience of their assertions begins with it. Empty: https://host:port',
      ),
    ...reception(),
    certificate: pathOrNone(
      'Certificate (PEM, with its chain) for TLS; empty: one that is made at the first start',
      around,
    ),
    key: pathOrNone('Its private key (PEM)', around),
    clientCertificates: flag('Whether clients are asked for a certificate, which binds their tokens to it', false),
    tokenLife: duration('How long an access token is good for', '10m', { min: '1m', max: '1h' }),
    connections: count('Open connections in all', 500, 1, 100_000),
    startups: count('Open connections that have not shown a token yet', 100, 1, 10_000),
    startupsPerAddress: count('Of these from one IPv4 address, or one IPv6 network of 64 bits', 10, 1, 10_000),
    connectionsPerSender: count('Open connections of one sender', 20, 1, 10_000),
    requestsPerMinute: count('Requests of one sender in a minute', 600, 1, 1_000_000),
    longestWait: duration('The longest that a request may wait for news', '60s', { min: '1s', max: '5m' }),
    idle: duration('A connection without traffic is closed after this', '2m', { min: '1s', max: '1d' }),
    authTimeout: duration('A connection that has not shown a token is closed after this', '30s', {
      min: '1s',
      max: '10m',
    }),
  });

const URL_TEXT = 'an address that begins with https://, or empty';
/** Every way in: where it listens, and what one client, or all together, may take. */
export const channelsSchema = (around: Surroundings) =>
  keys({
    sftp: sftp().prefault({}),
    ftp: ftp(around).prefault({}),
    drop: dropSchema(around).prefault({}),
    webservice: webservice(around).prefault({}),
  });
