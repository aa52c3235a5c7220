import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { openRevocation } from '../../app/revocation.ts';
import { loadConfig } from '../../config/load.ts';
import { verifySignature } from '../../engine/intake/signature.ts';
import type { SignatureReport } from '../../engine/intake/signature-report.ts';
import { loadTrust } from '../../engine/pki/trust.ts';
import {
  type OpensslCa,
  type OpensslResponder,
  openOpensslCa,
  RESPONDER,
  startResponder,
} from '../support/openssl-ca.ts';
import {
  AUTHORITY,
  type Credentials,
  certificateAt,
  makeCertificate,
  SIGNER,
  signFile,
  temporaryDir,
} from '../support/pki.ts';
import { requestOf } from '../support/signature-request.ts';

/** What `trust.revocation` says in a case; paths and URLs of what runs. */
type Settings = Readonly<Record<string, unknown>>;

interface Case {
  readonly name: string;
  readonly signer: 'good' | 'taken' | 'strange';
  readonly settings: (world: World) => Settings;
  readonly status: 'good' | 'revoked' | 'unknown';
  readonly detail: RegExp;
}

interface World {
  readonly lists: Readonly<Record<'fresh' | 'stale' | 'wrong', string>>;
  readonly urls: Readonly<Record<'list' | 'staleList' | 'responder' | 'delegated' | 'stranger' | 'closed', string>>;
}

const NONE = /^$/;
const KEY = /^the certificate was revoked on .*keyCompromise/;

const CASES: readonly Case[] = [
  {
    name: 'CRL file: good',
    signer: 'good',
    settings: ({ lists }) => ({ crls: [lists.fresh] }),
    status: 'good',
    detail: NONE,
  },
  {
    name: 'CRL file: revoked',
    signer: 'taken',
    settings: ({ lists }) => ({ crls: [lists.fresh] }),
    status: 'revoked',
    detail: KEY,
  },
  {
    name: 'CRL file: stale',
    signer: 'good',
    settings: ({ lists }) => ({ crls: [lists.stale] }),
    status: 'unknown',
    detail: /it is stale: the next one was due/,
  },
  {
    name: 'CRL file: wrong signer',
    signer: 'good',
    settings: ({ lists }) => ({ crls: [lists.wrong] }),
    status: 'unknown',
    detail: /not that of its issuer/,
  },
  {
    name: 'CRL by HTTP: good',
    signer: 'good',
    settings: ({ urls }) => ({ crlUrls: [urls.list] }),
    status: 'good',
    detail: NONE,
  },
  {
    name: 'CRL by HTTP: revoked',
    signer: 'taken',
    settings: ({ urls }) => ({ crlUrls: [urls.list] }),
    status: 'revoked',
    detail: KEY,
  },
  {
    name: 'CRL by HTTP: stale',
    signer: 'good',
    settings: ({ urls }) => ({ crlUrls: [urls.staleList] }),
    status: 'unknown',
    detail: /it is stale/,
  },
  {
    name: 'CRL by HTTP: server away',
    signer: 'good',
    settings: ({ urls }) => ({ crlUrls: [urls.closed] }),
    status: 'unknown',
    detail: /did not answer: ECONNREFUSED/,
  },
  {
    name: 'OCSP by the CA: good',
    signer: 'good',
    settings: ({ urls }) => ({ ocspUrl: urls.responder }),
    status: 'good',
    detail: NONE,
  },
  {
    name: 'OCSP by the CA: revoked',
    signer: 'taken',
    settings: ({ urls }) => ({ ocspUrl: urls.responder }),
    status: 'revoked',
    detail: /^the certificate was revoked on/,
  },
  {
    name: 'OCSP by the CA: not known there',
    signer: 'strange',
    settings: ({ urls }) => ({ ocspUrl: urls.responder }),
    status: 'unknown',
    detail: /does not know the certificate/,
  },
  {
    name: 'OCSP with the nonce required: good',
    signer: 'good',
    settings: ({ urls }) => ({ ocspUrl: urls.responder, nonce: 'required' }),
    status: 'good',
    detail: NONE,
  },
  {
    name: 'OCSP by a delegated responder: good',
    signer: 'good',
    settings: ({ urls }) => ({ ocspUrl: urls.delegated }),
    status: 'good',
    detail: NONE,
  },
  {
    name: 'OCSP by a delegated responder: revoked',
    signer: 'taken',
    settings: ({ urls }) => ({ ocspUrl: urls.delegated }),
    status: 'revoked',
    detail: /revoked on/,
  },
  {
    name: 'OCSP: responder away',
    signer: 'good',
    settings: ({ urls }) => ({ ocspUrl: urls.closed }),
    status: 'unknown',
    detail: /responder .*did not answer: ECONNREFUSED/,
  },
  {
    name: 'OCSP: wrong signer',
    signer: 'taken',
    settings: ({ urls }) => ({ ocspUrl: urls.stranger }),
    status: 'unknown',
    detail: /its signer is not certified for OCSP/,
  },
  {
    name: 'OCSP away, and a CRL that knows',
    signer: 'taken',
    settings: ({ urls, lists }) => ({ ocspUrl: urls.closed, crls: [lists.fresh] }),
    status: 'revoked',
    detail: KEY,
  },
  {
    name: 'nobody to ask',
    signer: 'good',
    settings: () => ({}),
    status: 'unknown',
    detail: /there is no revocation list of its issuer/,
  },
];

describe('revocation, with openssl ca and openssl ocsp', () => {
  const content = Buffer.from('<DmfAOriginal/>');
  let dir: string;
  let remove: () => Promise<void>;
  let ca: OpensslCa;
  let world: World;
  let server: Server;
  let asked: string[] = [];
  const responders: OpensslResponder[] = [];
  const signers = {} as Record<Case['signer'], Credentials>;

  before(async function () {
    this.timeout(30_000);
    ({ dir, remove } = await temporaryDir());
    ca = await openOpensslCa(join(dir, 'ca'));
    for (const name of ['good', 'taken', 'strange'] as const) signers[name] = await ca.issue(name);
    await ca.revoke(signers.taken);
    await ca.forget(signers.strange);
    const twin = await makeCertificate(ca.dir, {
      name: 'twin',
      commonName: 'revoking ca',
      key: 'ec:P-256',
      extensions: AUTHORITY,
    });
    const lists = {
      fresh: await ca.list('fresh.crl'),
      stale: await ca.list('stale.crl', { from: '20250101000000Z', until: '20250102000000Z' }),
      wrong: await ca.list('wrong.crl', { signer: twin }),
    };
    const delegated = await ca.issue('delegated', RESPONDER);
    const stranger = await ca.issue('stranger', SIGNER);
    for (const signer of [ca.ca, delegated, stranger]) responders.push(await startResponder(ca, signer));
    const [responder, byDelegated, byStranger] = responders.map(({ url }) => url) as [string, string, string];
    server = createServer(async ({ url = '' }, response) => {
      asked.push(url);
      response.end(
        await readFile(url === '/fresh' ? lists.fresh.replace('.crl', '.der') : lists.stale.replace('.crl', '.der')),
      );
    });
    for (const name of ['fresh', 'stale'] as const) await derOf(lists[name]);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const urls = {
      list: `${base}/fresh`,
      staleList: `${base}/stale`,
      responder,
      delegated: byDelegated,
      stranger: byStranger,
      closed: 'http://127.0.0.1:1',
    };
    world = { lists, urls };
  });

  after(async () => {
    for (const responder of responders) await responder.stop();
    await new Promise((resolve) => server.close(resolve));
    await remove();
  });

  async function derOf(list: string): Promise<void> {
    const text = await readFile(list, 'latin1');
    const body = text.replace(/-----[^-]+-----/g, '');
    await writeFile(list.replace('.crl', '.der'), Buffer.from(body, 'base64'));
  }

  async function open(settings: Settings) {
    const file = join(dir, 'bode.json');
    await writeFile(file, JSON.stringify({ trust: { anchors: [ca.ca.cert], revocation: settings } }));
    const config = await loadConfig(file, {});
    const trust = await loadTrust(config.trust.anchors);
    const check = openRevocation(config.trust, trust);
    return async (signer: Credentials, unknown: 'hard' | 'soft', now = new Date()): Promise<SignatureReport> => {
      await writeFile(join(dir, 'content'), content);
      const signature = await signFile(join(dir, 'content'), signer);
      const certificates = [await certificateAt(signer.cert)];
      return verifySignature({
        ...requestOf({ signature, content, certificates, trust, now }),
        revocation: { check, unknown },
      });
    };
  }

  for (const { name, signer, settings, status, detail } of CASES) {
    it(name, async () => {
      const verify = await open(settings(world));
      const hard = await verify(signers[signer], 'hard');
      const soft = await verify(signers[signer], 'soft');
      expect([hard.revocation.status, soft.revocation.status]).to.deep.equal([status, status]);
      expect(hard.revocation.detail).to.match(
        detail.source === NONE.source ? NONE : new RegExp(detail.source.replace(/^\^/, '')),
      );
      expect(hard.verdict).to.equal(status === 'good' ? 'valid' : 'invalid');
      expect(soft.verdict).to.equal(status === 'revoked' ? 'invalid' : 'valid');
      expect([hard.code, soft.code]).to.deep.equal([
        status === 'good' ? null : '125',
        status === 'revoked' ? '125' : null,
      ]);
      const outcomes = {
        good: ['passed', 'passed'],
        revoked: ['failed', 'failed'],
        unknown: ['failed', 'indeterminate'],
      };
      expect([hard.revocation.outcome, soft.revocation.outcome]).to.deep.equal(outcomes[status]);
    });
  }

  it('fetches a list once for many signatures, and not for a signer who is not registered', async () => {
    asked = [];
    const verify = await open({ crlUrls: [world.urls.list] });
    for (let turn = 0; turn < 5; turn++) expect((await verify(signers.good, 'hard')).verdict).to.equal('valid');
    expect(asked).to.deep.equal(['/fresh']);
  });

  it('fetches a list anew once its next update is due', async () => {
    asked = [];
    const verify = await open({ crlUrls: [world.urls.list], askAgain: '1s' });
    await verify(signers.good, 'hard');
    const later = new Date(Date.now() + 8 * 86_400_000);
    expect((await verify(signers.good, 'hard', later)).revocation).to.include({ status: 'unknown' });
    expect(asked).to.deep.equal(['/fresh', '/fresh']);
  });

  it('leaves a responder that is away alone for a while, and asks again then', async () => {
    const responder = await startResponder(ca, ca.ca);
    const verify = await open({ ocspUrl: responder.url, askAgain: '10s' });
    await responder.stop();
    const from = Date.now();
    const at = (seconds: number) => new Date(from + seconds * 1_000);
    expect((await verify(signers.good, 'soft', at(0))).revocation.status).to.equal('unknown');
    expect((await verify(signers.good, 'soft', at(5))).revocation.detail).to.match(/did not answer/);
  });
});
