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
import { fixedPorts } from '../support/ports.ts';
import { requestOf } from '../support/signature-request.ts';
import { CASES, type Case, NONE, type Settings, type World } from './revocation-cases.ts';

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
      closed: `http://127.0.0.1:${(await fixedPorts(1))[0]}`,
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
    return async (
      signer: Credentials,
      unknown: 'hard' | 'soft',
      now = new Date(),
      registered = [signer],
    ): Promise<SignatureReport> => {
      await writeFile(join(dir, 'content'), content);
      const signature = await signFile(join(dir, 'content'), signer);
      const certificates = await Promise.all(registered.map(({ cert }) => certificateAt(cert)));
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

  it('fetches a list once for many signatures', async () => {
    asked = [];
    const verify = await open({ crlUrls: [world.urls.list] });
    for (let turn = 0; turn < 5; turn++) expect((await verify(signers.good, 'hard')).verdict).to.equal('valid');
    expect(asked).to.deep.equal(['/fresh']);
  });

  it('asks nobody about a signer who is not registered', async () => {
    asked = [];
    const verify = await open({ crlUrls: [world.urls.list] });
    const report = await verify(signers.good, 'hard', new Date(), [signers.taken]);
    expect([report.code, report.revocation.status, asked.length]).to.deep.equal(['153', 'unknown', 0]);
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
    const [port = 0] = await fixedPorts(1);
    const verify = await open({ ocspUrl: `http://127.0.0.1:${port}`, askAgain: '10s' });
    const from = Date.now();
    const at = (seconds: number) => new Date(from + seconds * 1_000);
    const statusAt = async (seconds: number) => (await verify(signers.good, 'soft', at(seconds))).revocation.status;
    expect(await statusAt(0)).to.equal('unknown');
    const responder = await startResponder(ca, ca.ca, ['-nmin', '5'], port);
    try {
      expect(await statusAt(5)).to.equal('unknown');
      expect(await statusAt(11)).to.equal('good');
    } finally {
      await responder.stop();
    }
  });

  it('keeps an answer for as long as it says it is good', async () => {
    const responder = await startResponder(ca, ca.ca);
    const verify = await open({ ocspUrl: responder.url });
    expect((await verify(signers.good, 'hard')).revocation.status).to.equal('good');
    await responder.stop();
    expect((await verify(signers.good, 'hard')).revocation.status).to.equal('good');
    const later = new Date(Date.now() + 6 * 60_000);
    expect((await verify(signers.good, 'hard', later)).revocation.status).to.equal('unknown');
  });

  it('follows URLs in certificates only to hosts that are named', async () => {
    asked = [];
    const { host } = new URL(world.urls.list);
    const signer = await ca.issue('pointing', [...SIGNER, `crlDistributionPoints=URI:${world.urls.list}`]);
    const closed = await open({});
    expect((await closed(signer, 'hard')).revocation.status).to.equal('unknown');
    expect(asked).to.deep.equal([]);
    const following = await open({ followHosts: [host] });
    expect((await following(signer, 'hard')).revocation.status).to.equal('good');
    expect(asked).to.deep.equal(['/fresh']);
  });

  it('asks the responder that a certificate names, when its host is named', async () => {
    const port = (await fixedPorts(1))[0]!;
    const signer = await ca.issue('asking', [...SIGNER, `authorityInfoAccess=OCSP;URI:http://127.0.0.1:${port}/`]);
    const responder = await startResponder(ca, ca.ca, ['-nmin', '5'], port);
    try {
      expect((await (await open({}))(signer, 'hard')).revocation.status).to.equal('unknown');
      const following = await open({ followHosts: [`127.0.0.1:${port}`] });
      expect((await following(signer, 'hard')).revocation.status).to.equal('good');
    } finally {
      await responder.stop();
    }
  });

  it('does not believe an answer that was given to somebody else', async () => {
    let first: Buffer | undefined;
    const replaying = createServer(async (request, response) => {
      const body = Buffer.concat(await request.toArray());
      const answer = await fetch(world.urls.responder, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/ocsp-request' },
      });
      first ??= Buffer.from(await answer.arrayBuffer());
      response.end(first);
    });
    await new Promise<void>((resolve) => replaying.listen(0, '127.0.0.1', resolve));
    const ocspUrl = `http://127.0.0.1:${(replaying.address() as AddressInfo).port}`;
    expect((await (await open({ ocspUrl }))(signers.good, 'hard')).revocation.status).to.equal('good');
    const again = (await (await open({ ocspUrl }))(signers.good, 'hard')).revocation;
    replaying.close();
    expect(again.status).to.equal('unknown');
    expect(again.detail).to.match(/its nonce is not that of the request/);
  });
});
