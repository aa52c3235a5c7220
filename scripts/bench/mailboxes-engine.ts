import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { EBOX_SCOPES } from '../../engine/registry/scopes.ts';
import { eventually } from '../../test/support/eventually.ts';
import { makeCertificate, makePki, SIGNER } from '../../test/support/pki.ts';
import { webClient } from '../../test/support/web.ts';
import { run } from '../demonstration/command.ts';
import { freePort } from '../demonstration/engine.ts';
import { LARGE_BOX, MESSAGE_TYPES, SMALL_BOX } from './mailboxes-fill.ts';
import { peakMib } from './memory.ts';

const BODE = fileURLToPath(new URL('../bode.js', import.meta.url));

/** An engine in a process of its own, and a client of each mailbox that is read. */
export interface MailboxEngine {
  /** Asks for a path of version 2 as the owner of a mailbox, over a connection that stays; the answer's text. */
  ask(owner: string, path: string): Promise<string>;
  /** The most memory that it has had, in MiB. */
  peakMib(): number;
  stop(): Promise<void>;
}

const OWNERS = [
  { number: '123456', box: SMALL_BOX, name: 'small' },
  { number: '123457', box: LARGE_BOX, name: 'large' },
];

/** Starts it on a PostgreSQL that is filled. */
export async function startMailboxEngine(dir: string, storeUrl: string): Promise<MailboxEngine> {
  const port = await freePort();
  const pki = await makePki(join(dir, 'pki'));
  const config = {
    ...{
      dataDir: join(dir, 'data'),
      store: { url: storeUrl },
      trust: { anchors: [pki.ca] },
      observe: { enabled: false },
      // types that nobody configured are shown to nobody but who may read what is protected
      messageTypes: Object.fromEntries(MESSAGE_TYPES.map((type) => [type, { names: { nl: type } }])),
    },
    channels: {
      sftp: { enabled: false },
      ftp: { enabled: false },
      webservice: { port, requestsPerMinute: 1_000_000, tokenLife: '1h' },
    },
  };
  const path = join(dir, 'bode.yaml');
  writeFileSync(path, stringify(config));
  const organisations = [];
  for (const { number, box, name } of OWNERS) {
    const { cert } = await makeCertificate(pki.dir, { name, extensions: SIGNER });
    const sender = {
      ...{ number, login: name, channels: ['webservice'], certificates: [cert] },
      scopes: [...EBOX_SCOPES],
    };
    const qualities = [{ code: 'employer', senders: [sender] }];
    organisations.push({ enterpriseNumber: box, name: { nl: name }, language: 'nl', qualities });
  }
  writeFileSync(join(dir, 'provision.yaml'), stringify({ organisations }));
  await run(process.execPath, [BODE, 'provision', join(dir, 'provision.yaml'), '--config', path]);
  const log = openSync(join(dir, 'engine.log'), 'w');
  const child = spawn(process.execPath, [BODE, 'start', '--config', path], { cwd: dir, stdio: ['ignore', log, log] });
  const web = await eventually(() => tokens(port, pki.dir), 60_000);

  async function ask(owner: string, of: string): Promise<string> {
    const { agent, token } = web.get(owner) ?? {};
    const url = `https://127.0.0.1:${port}/REST/ebox/enterprise/messageRegistry/v2${of}`;
    const asked = request(url, {
      agent,
      rejectUnauthorized: false,
      headers: { authorization: `Bearer ${token}` },
    }).end();
    const [answer] = await once(asked, 'response');
    const pieces: Buffer[] = [];
    for await (const piece of answer) pieces.push(piece);
    const text = Buffer.concat(pieces).toString();
    if (answer.statusCode !== 200) throw new Error(`${of}: ${answer.statusCode} ${text}`);
    return text;
  }

  async function stop(): Promise<void> {
    for (const { agent } of web.values()) agent.destroy();
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    await gone;
  }

  return { ask, stop, peakMib: () => peakMib(child) };
}

async function tokens(
  port: number,
  pki: string,
): Promise<Map<string, { readonly agent: Agent; readonly token: string }>> {
  const owners = new Map<string, { readonly agent: Agent; readonly token: string }>();
  for (const { number, box, name } of OWNERS) {
    const web = webClient(port, pki, join(pki, `${name}.key`));
    const client = `self_service_chaman_${number}_bench`;
    const { body } = await web.askToken(await web.assertion({ claims: { iss: client, sub: client } }));
    owners.set(box, { agent: new Agent({ keepAlive: true, maxSockets: 1 }), token: JSON.parse(body).access_token });
  }
  return owners;
}
